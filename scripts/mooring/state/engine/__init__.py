"""How the database is reached, what is asked of it first, and what its errors mean."""
