"""What can be typed: one module a verb, each with `SUMMARY`, `EXAMPLES`, `add(parser)` and `run(args, console)`."""
