"""What a request meets: the HTTP server, its limits and its wire formats."""
