"""Actions of `moor state`."""
