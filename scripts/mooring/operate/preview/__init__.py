"""Previews: what a branch would serve, beside what is live, for whoever reviews it, and with an end."""
