"""How long the database may take. Apart from what imports SQLAlchemy, which takes as long as a whole rollback may."""

CONNECT_SECONDS = 3
"""How long PostgreSQL may take to answer at all."""

STATEMENT_MS, LOCK_MS = 5000, 2000
"""How long PostgreSQL may take for one statement, and of that for a lock that another one holds."""

LINK = {"connect_timeout": CONNECT_SECONDS, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 2}
LINK |= {"tcp_user_timeout": STATEMENT_MS}
"""What libpq is told, so that a dead link is noticed within seconds."""
