"""What an evaluation found, for a terminal, a pull request, a browser and machines. Made from `Behaviour` alone.

A behavioural plan may have been written by a stranger's code, and answers by a model that a stranger talked to: every
text in it is escaped where it is shown.
"""
