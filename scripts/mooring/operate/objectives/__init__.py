"""Objectives for the tools that operators have: rules, routing and a dashboard, rendered; and live numbers, judged."""
