"""Drift: what git says, what was deployed and what runs are compared, and differences answered."""
