"""What agents keep: runs, conversations, answers, memories, and what tenants spent."""
