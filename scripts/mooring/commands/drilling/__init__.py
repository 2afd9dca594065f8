"""What `moor drill` is made of."""
