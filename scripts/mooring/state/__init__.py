"""The one database of an environment: tables, migrations, and what is read from them and written to them.

SQLite in the state folder, or PostgreSQL by URL; the promises are the same. Nothing else opens a database.
"""
