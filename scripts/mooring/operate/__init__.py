"""What is done about an environment that runs, beside deploying to it."""
