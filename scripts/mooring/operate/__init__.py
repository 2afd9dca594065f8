"""What keeps an environment in order once it runs, each part on its own: drift, and the repository's host."""
