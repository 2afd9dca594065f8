"""The status of an environment as one HTML page that needs nothing else, in English and Chinese."""
