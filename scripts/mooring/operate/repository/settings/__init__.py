"""The settings of the repository on GitHub: read, compared with the Repository document, and set by it."""
