"""Runs that survive their process: every model and tool call is written down, and done once."""
