"""Who may call, by which key or token, and how much."""
