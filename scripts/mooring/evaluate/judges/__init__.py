"""Judges: what a model thinks of an answer, through deepeval. Nothing here imports it before a judge is asked."""
