"""Commands about the agents that run."""
