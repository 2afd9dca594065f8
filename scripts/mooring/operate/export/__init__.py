"""Copies of the state at a destination: made, followed, listed, verified, restored and pruned.

A copy is one collection of tables at one moment: a manifest that names its parts, each some rows, compressed, encrypted
and stored under a name that its content decides. Between two copies the stream has each change within seconds.
"""
