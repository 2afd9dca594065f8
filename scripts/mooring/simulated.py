"""What slots and the simulated model tell each other beside the API that it imitates."""

NO_RULE = "no-rule"
"""The `system_fingerprint` of an answer that came from no rule."""

PROVIDER = "x-mooring-provider"
"""The header by which a slot says whose model it asks for, so that a model is known without a rule file."""

OUTPUT = "mooring_output"
"""The key of a request by which a slot tells the schema of the agent's output."""
