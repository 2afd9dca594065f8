"""The grammar: what a line must be, letter for letter, to be a command."""
