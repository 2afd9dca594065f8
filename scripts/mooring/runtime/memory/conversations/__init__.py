"""Conversations that the server remembers: recent ones in memory, all of them in an archive that both slots share."""
