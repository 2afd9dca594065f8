"""The commands: one module per verb, each with `SUMMARY`, `EXAMPLES`, `add(parser)` and `run(args, console)`."""
