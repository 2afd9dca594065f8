"""What the commands of the grammar do, a module each, by the same functions as the command line."""
