"""Keeps what is sent to a model within its window: counted, trimmed or summarised, and never torn."""
