"""Commands about releases: how it stands, going back, and who may deploy."""
