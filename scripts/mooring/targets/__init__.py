"""Where releases run: one package for every kind of target."""
