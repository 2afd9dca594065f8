"""Evaluation: run suites against a release, judge the answers, and decide whether a change is a regression."""
