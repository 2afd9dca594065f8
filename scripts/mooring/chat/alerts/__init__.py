"""Alerts to channels: what is the case is looked at every few seconds, and each incident is told in one message."""
