"""Blue-green rollout: a pure state machine, the ledger it is written to, and the driver that acts on it."""
