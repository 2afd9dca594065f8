"""What a change makes the agents say and do differently, case by case, and what it breaks or hides. Pure."""
