"""Whether a change made the agents worse: pass, fail or inconclusive. Pure: no I/O, no clock, no hidden chance."""
