"""`moor state`: a module of `states/` for each action."""

from mooring.commands.actions import Actions

SUMMARY = "Show, move, export and restore what an environment keeps."
EXAMPLES = """
moor state show                          where each environment keeps its state, and whether that is fit for it
moor state show production --json
moor state move production --to env:STATE_URL    to the PostgreSQL that this variable names, while it serves
moor state move production --to sqlite           and back to a file in its state folder
moor state export production             a consistent copy to the destination, while it serves
moor state list production               what copies there are, and which were verified
moor state verify production             restore them into a scratch database, and let a conversation go on
moor state restore production --dry-run  what a restore would do
moor state prune production --dry-run    what is old enough to go
"""

_ACTIONS = Actions("states", ("show", "move", "export", "list", "verify", "restore", "prune"))

add, run = _ACTIONS.add, _ACTIONS.run
