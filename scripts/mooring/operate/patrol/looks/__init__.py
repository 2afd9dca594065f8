"""One module for each kind of check.

Each has `looks(check, surroundings)`: the dependencies that a check looks at, as pairs of what is appended to the
check's name ("" where there is one dependency) and a coroutine function that looks once. That returns Found, and
raises Trouble for a dependency in trouble and NotMade where the look cannot be made.
"""
