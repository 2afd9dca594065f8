"""Renders an evaluation for terminals, pull requests, browsers and machines, from `Behaviour` alone.

Untrusted code may have written a behavioural plan, and untrusted users may have steered a model's answers: every
text in it is escaped where it is shown.
"""
