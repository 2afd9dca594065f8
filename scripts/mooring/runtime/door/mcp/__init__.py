"""The agents as tools of a Model Context Protocol server, by the official SDK. Loaded only where it is asked for."""
