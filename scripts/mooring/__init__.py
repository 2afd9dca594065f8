"""Mooring: a GitOps repository for production AI agents."""

__version__ = "0.1.0"
