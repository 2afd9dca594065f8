"""A simulated model endpoint and demo tool services; whatever they answer says that it is simulated."""
