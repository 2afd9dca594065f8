"""Releases: the resolved documents of one environment, named by their content, kept and verified."""
