"""How a slot is watched: health, metrics, traces, request counts, memory."""
