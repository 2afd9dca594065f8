"""Renders drills for terminals, pull requests, browsers and machines.

All but the page is rendered from `Report` alone, which can be read back from results.json: untrusted code may have
written that file, so every text in it is escaped where it is shown.
"""
