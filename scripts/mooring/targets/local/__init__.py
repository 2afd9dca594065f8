"""One machine: a supervisor, one listening socket, two slots."""
