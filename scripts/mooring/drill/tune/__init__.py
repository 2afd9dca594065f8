"""Searches the policies of one Resilience profile for better ones, on drills, and proves them on drills it never saw."""
