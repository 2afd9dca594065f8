"""What `moor drift` does about differences: heal what runs, or adopt it into git."""
