"""What rollouts and operators keep: the ledger, releases, evidence, keys, machines, scheduled jobs."""
