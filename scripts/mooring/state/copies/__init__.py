"""Consistent copies of the database while it is in use, and their way back: SQLite's online backup, and `pg_dump`."""
