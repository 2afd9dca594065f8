"""`moor chat`: a module of `chatting/` for each action."""

from mooring.commands.actions import Actions

SUMMARY = "Say a chat command here; it is judged, asked and recorded as by any platform."
EXAMPLES = """
moor chat run "/agent status"                        the same words as in Slack, Feishu, Discord and GitHub
moor chat run "/智能体 状态" --environment production
moor chat run "/deploy rollback in production"       shows what it would do, and asks
moor chat run "/deploy rollback" --yes --json        asks nobody
moor chat run /help                                  every command
moor chat serve staging --listen 127.0.0.1:8090      hears platforms, where no supervisor does
moor chat github staging                             hears the comment that a workflow runs for
moor chat register staging                           tells Discord which commands there are
"""

_ACTIONS = Actions("chatting", ("run", "serve", "github", "register"))

add, run = _ACTIONS.add, _ACTIONS.run
