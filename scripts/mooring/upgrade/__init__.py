"""Brings a newer version of the template into a team's copy of it: as a branch that is tested before it is offered.

A copy need not share history with its template, so nothing is merged by git's own idea of a common ancestor. Instead
three trees are compared, file by file: the version that the copy came from, the new version, and the copy. Content
(documents, the team's Python tools) is never compared: it stays, and only migrations edit it.

Everything happens in objects, in private refs and in a work tree inside the git folder. The branch is made last.
"""
