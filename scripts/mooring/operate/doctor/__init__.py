"""Looks at all that Mooring stands on: the machine, its environments, and the repository on GitHub."""
