"""promptfoo configs into suites, prompts, models and tools.

Source: https://www.promptfoo.dev/docs/configuration/reference/
"""
