"""The parts of `moor talk`: the way to the server, what was said so far, how it is shown, and the case made of it."""
