"""Live drills: real processes in real time, in a scratch copy of an environment."""
