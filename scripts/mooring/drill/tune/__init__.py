"""Searches better policies for one Resilience profile on drills, and proves them on drills that it never saw."""
