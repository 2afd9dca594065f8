"""The actions of `moor chat`."""
