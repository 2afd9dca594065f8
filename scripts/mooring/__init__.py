"""Mooring: a GitOps repository for production AI agents."""
