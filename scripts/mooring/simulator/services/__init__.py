"""Demo tool services of the example shop: real HTTP and SQLite, invented content."""
