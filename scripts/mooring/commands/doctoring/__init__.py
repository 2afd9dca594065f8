"""What `moor doctor` looks at, and what it sets."""
