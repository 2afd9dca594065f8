"""Starter documents: those of `moor new`, and the repository that `moor init` makes of the template.

The documents are templates below `documents/`, one for each kind, with a comment for each choice.
"""
