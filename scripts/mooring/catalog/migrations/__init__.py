"""Documents of an older format become documents of this one: minimal edits of their text, comments stay."""
