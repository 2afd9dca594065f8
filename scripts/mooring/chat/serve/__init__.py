"""The door of chat: what platforms deliver is heard, acknowledged in time, carried out, and answered in place."""
