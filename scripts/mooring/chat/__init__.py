"""Commands by chat: one grammar and one policy for every platform, and alerts to where people talk."""
