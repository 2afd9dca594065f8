"""Chat: people who can be told apart, rights that are given and do something, and doors that are reached and signed."""

from collections.abc import Iterator

from mooring.catalog.catalog import Catalog, Entry
from mooring.catalog.checks.remark import Remark, Remarks, repeated
from mooring.catalog.nearest import suggestion
from mooring.spec import Chat, Environment
from mooring.spec.chat import COMMANDS, PLATFORMS, matches


def _documents(catalog: Catalog) -> Iterator[tuple[Entry, Chat]]:
    for name, document in catalog.all(Chat).items():
        yield catalog.of(Chat)[name], document


def twice(catalog: Catalog) -> Remarks:
    for entry, document in _documents(catalog):
        for index, again in repeated(person.name for person in document.people):
            yield Remark(entry, f"people.{index}.name", f"there is a person {again!r} already")
        for platform in PLATFORMS:
            # GitHub's logins are the same in every case of letters.
            known = {index: getattr(person, platform) for index, person in enumerate(document.people)}
            named = {index: one.lower() if platform == "github" else one for index, one in known.items() if one}
            places = list(named)
            for place, again in repeated(named.values()):
                message = f"{again!r} is somebody else's already; nobody could tell who speaks"
                yield Remark(entry, f"people.{places[place]}.{platform}", message)


def role(catalog: Catalog) -> Remarks:
    for entry, document in _documents(catalog):
        given: set[str] = set()
        for path, name in _given(document):
            given.add(name)
            if name not in document.roles:
                yield Remark(entry, path, f"there is no role {name!r}{suggestion(name, document.roles)}")
        begun = document.people or document.platforms
        for name in document.roles if begun else ():
            if name not in given:
                yield Remark(entry, f"roles.{name}", f"nobody has the role {name!r}")


def _given(document: Chat) -> Iterator[tuple[str, str]]:
    """(path, role) of every place that gives one."""
    for index, person in enumerate(document.people):
        yield from ((f"people.{index}.roles.{number}", name) for number, name in enumerate(person.roles))
    if document.github:
        yield from ((f"github.roles.{level}", name) for level, name in document.github.roles.items())


def on_call(catalog: Catalog) -> Remarks:
    for entry, document in _documents(catalog):
        names = [person.name for person in document.people]
        for index, name in enumerate(document.on_call):
            if name not in names:
                message = f"{name!r} is not among the people{suggestion(name, names)}"
                yield Remark(entry, f"onCall.{index}", message)


def pattern(catalog: Catalog) -> Remarks:
    for entry, document in _documents(catalog):
        roles = document.roles.items()
        found = [(f"roles.{name}.commands.{at}", one) for name, role in roles for at, one in enumerate(role.commands)]
        for path, one in (*found, *((f"confirm.{one}", one) for one in document.confirm)):
            if not any(matches(one, command) for command in COMMANDS):
                yield Remark(entry, path, f"no command is meant by {one!r}{suggestion(one, COMMANDS)}")


def environment(catalog: Catalog) -> Remarks:
    known = catalog.all(Environment)
    for entry, document in _documents(catalog):
        for name, role in document.roles.items():
            for index, where in enumerate(role.environments):
                if where not in known and ("Environment", where) not in catalog.broken:
                    message = f"there is no environment {where!r}{suggestion(where, known)}"
                    yield Remark(entry, f"roles.{name}.environments.{index}", message)


def reachable(catalog: Catalog) -> Remarks:
    for entry, document in _documents(catalog):
        for platform in document.platforms:
            by_permission = platform == "github" and document.github is not None and document.github.roles
            if not by_permission and not any(getattr(person, platform) for person in document.people):
                yield Remark(entry, platform, f"nobody has an id of {platform}, so every command from there is refused")
        for index, person in enumerate(document.people):
            if document.platforms and not any(getattr(person, platform) for platform in document.platforms):
                connected = ", ".join(document.platforms)
                yield Remark(entry, f"people.{index}", f"{person.name!r} has no id of {connected}")


def signed(catalog: Catalog) -> Remarks:
    for entry, document in _documents(catalog):
        if document.feishu is not None and document.feishu.encrypt_key is None:
            yield Remark(entry, "feishu", "without an Encrypt Key nothing that Feishu sends is signed")
