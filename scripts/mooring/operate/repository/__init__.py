"""What is kept at the repository's host: comments and pull requests, by its API."""
