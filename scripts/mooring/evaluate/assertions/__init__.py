"""Assertions: what must hold of an answer."""
