"""Health in layers: the process, the runtime in it, what they depend on, and how the agents behave."""
