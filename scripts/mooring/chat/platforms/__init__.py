"""One adapter a platform: verify, read, show, send; thin, for the rules are the same everywhere."""
