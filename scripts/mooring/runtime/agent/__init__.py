"""How an agent runs: models on the ladder, tools, context, and runs from their start to their end."""
