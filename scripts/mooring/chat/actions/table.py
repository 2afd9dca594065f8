"""Every command of the grammar by its name, imported when it is first carried out."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from mooring.chat.action import Action, Context, Notify, Preview
from mooring.chat.answer import Answer
from mooring.chat.command import Command


@dataclass(slots=True)
class Lazy:
    """The action of a module, which has `run`, and `preview` where it changes something."""

    module: str
    changes: bool = False

    def preview(self, command: Command, context: Context) -> Preview:
        if not self.changes:
            raise ValueError(f"{command.name} changes nothing")
        return cast(Preview, import_module(self._place).preview(command, context))

    def run(self, command: Command, context: Context, notify: Notify) -> Answer:
        return cast(Answer, import_module(self._place).run(command, context, notify))

    def load(self) -> None:
        """Imports it before it is needed."""
        import_module(self._place)

    @property
    def _place(self) -> str:
        return f"{__package__}.{self.module}"


ACTIONS: Mapping[str, Action] = {
    "agent status": Lazy("agent.status"),
    "agent restart": Lazy("agent.restart", changes=True),
    "agent logs": Lazy("agent.logs"),
    "agent why": Lazy("agent.why"),
    "alert list": Lazy("alert.list"),
    "alert silence": Lazy("alert.silence", changes=True),
    "approve": Lazy("run.decide", changes=True),
    "deny": Lazy("run.decide", changes=True),
    "drift": Lazy("drift"),
    "drill rollback": Lazy("drill", changes=True),
    "hotfix list": Lazy("hotfix"),
    "deploy status": Lazy("deploy.status"),
    "deploy why": Lazy("deploy.why"),
    "deploy lock": Lazy("deploy.lock", changes=True),
    "deploy unlock": Lazy("deploy.unlock", changes=True),
    "deploy approve": Lazy("deploy.approve", changes=True),
    "deploy rollback": Lazy("deploy.rollback", changes=True),
}
"""Without `help`, which is the desk's own."""
