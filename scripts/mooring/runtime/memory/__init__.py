"""What is remembered: runs, their steps, tickets, conversations and last good answers."""
