"""All settings that a Repository document names: looked at, and set."""

from collections.abc import Iterator
from dataclasses import dataclass

from mooring.errors import Failed
from mooring.operate.repository.settings import actions
from mooring.operate.repository.settings.asking import WRITE, Asking
from mooring.operate.repository.settings.environments import ProtectedEnvironment
from mooring.operate.repository.settings.ruleset import Ruleset
from mooring.operate.repository.settings.setting import Difference, Setting, compare
from mooring.spec import Repository


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found of a setting. `unknown` says why it, or a part of it, could not be seen; `fix` what to do."""

    setting: Setting
    differences: tuple[Difference, ...] = ()
    unknown: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Set:
    """What came of setting one: `failed` is "" where it was set."""

    setting: Setting
    failed: str = ""
    fix: str = ""


def settings(document: Repository, *, private: bool) -> tuple[Setting, ...]:
    """In the order in which they are set. The protection of the branch is first: it matters most."""
    environments = (ProtectedEnvironment(name, one) for name, one in sorted(document.environments.items()))
    return Ruleset(document.merging), *actions.settings(document.actions, private=private), *environments


def look(document: Repository, asking: Asking) -> Iterator[Looked]:
    """Every setting. Failed(PROCESS) where nothing can be said of the repository at all."""
    private = bool(asking.about().get("private"))
    for setting in settings(document, private=private):
        try:
            differences, unseen = compare(setting, setting.read(asking))
        except Failed as error:
            yield Looked(setting, (), str(error), error.fix)
            continue
        unknown = f"GitHub does not show {', '.join(unseen)} to this token" if unseen else ""
        yield Looked(setting, tuple(differences), unknown, f"give it the permission {WRITE}" if unseen else "")


def put(looked: list[Looked], asking: Asking) -> Iterator[Set]:
    """Sets what differs, each on its own: one that is refused does not keep the others from being set."""
    for one in looked:
        if not one.differences:
            continue
        try:
            one.setting.put(asking)
        except Failed as error:
            yield Set(one.setting, str(error), error.fix)
        else:
            yield Set(one.setting)
