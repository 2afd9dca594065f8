"""Why tests with a real model were not run."""

MISSING = "No local model can be installed: nothing was asked of a REAL model"
