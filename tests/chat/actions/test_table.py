"""The table has an action for every command that the grammar knows, and says which of them change something."""

import pytest

from mooring.chat.actions.table import ACTIONS, Lazy
from mooring.chat.command import Command
from mooring.spec.chat import COMMANDS

LOOKS = {
    "agent status",
    "agent logs",
    "agent why",
    "deploy status",
    "deploy why",
    "alert list",
    "drift",
    "hotfix list",
}


def test_every_command_but_help_has_an_action_and_looks_change_nothing() -> None:
    assert set(ACTIONS) == set(COMMANDS) - {"help"}
    assert {name for name, action in ACTIONS.items() if not action.changes} == LOOKS


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_what_is_imported_late_is_there(name: str) -> None:
    action = ACTIONS[name]
    assert isinstance(action, Lazy)
    action.load()


def test_a_look_has_no_preview() -> None:
    with pytest.raises(ValueError, match="drift changes nothing"):
        ACTIONS["drift"].preview(Command("drift"), None)  # type: ignore[arg-type]
