"""Where the database of an environment is."""
