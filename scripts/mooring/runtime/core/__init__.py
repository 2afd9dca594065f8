"""What every part of the runtime speaks of: a turn, its record, settings, problems, circuits, logs."""
