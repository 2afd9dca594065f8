"""Commands about single runs."""
