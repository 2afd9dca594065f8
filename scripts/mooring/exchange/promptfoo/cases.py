"""Tests of promptfoo into cases."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mooring.exchange.intake import Intake, kebab, unique
from mooring.exchange.promptfoo.assertions import Checks, Listed, Share, checks
from mooring.exchange.promptfoo.sources import Found
from mooring.exchange.promptfoo.variables import combinations, fill, variables_of
from mooring.exchange.prompts import MESSAGE
from mooring.release.canonical import canonical, digest

_SHORT = 48
"""Characters of a message that name a case without a description."""

_UNMEASURED = "latency"

_OPTIONS = {
    "disableDefaultAsserts": "what defaultTest asserts holds for every test here",
    "provider": "the suite's `judge` judges every assertion",
    "rubricPrompt": "judges are asked by deepeval's own prompts",
    "prefix": "an agent has one prompt",
    "suffix": "an agent has one prompt",
    **dict.fromkeys(("transform", "transformVars", "postprocess"), "is code, which is never run"),
}
_WHY = {
    "provider": "an agent has its own model; environments choose another",
    "providers": "an agent has its own model; environments choose another",
    "prompts": "an agent has one prompt",
    "assertScoringFunction": "is code, which is never run",
    "providerOutput": "answers come from the agent",
    "id": "a case has an id of its own",
}


@dataclass(frozen=True, slots=True)
class Common:
    """What all tests of a config share.

    `message` is the variable that is the user's message, `asserted` what defaultTest asserts as far as it was carried
    over, `templated` assertions of defaultTest that each test fills in, and `weighed` whether it has a threshold.
    """

    message: str
    variables: Mapping[str, Any]
    asserted: tuple[dict[str, Any], ...] = ()
    templated: Listed = ()
    weighed: bool = False


def read_cases(found: list[Found], common: Common) -> list[dict[str, Any]]:
    """Every case that asks and asserts something, with an id that does not depend on its place."""
    cases: list[dict[str, Any]] = []
    taken: set[str] = set()
    for one in found:
        for case in _of_test(one, common):
            case["id"] = unique(case["id"], taken)
            taken.add(case["id"])
            cases.append(case)
    return cases


def _of_test(found: Found, common: Common) -> Iterator[dict[str, Any]]:
    intake, path, test = found.intake, found.path, found.test
    if not isinstance(test, dict):
        return intake.leave(path, "is no test")
    options = test.get("options")
    carried = {"description", "vars", "assert", "threshold", "metadata"}
    intake.leave_rest(path, test, _WHY, carried | ({"options"} if isinstance(options, dict) else set()))
    intake.leave_rest(f"{path}.options", options if isinstance(options, dict) else {}, _OPTIONS, set())
    variables = {**common.variables, **variables_of(intake, f"{path}.vars", test.get("vars"), found.below)}
    for each in combinations(intake, path, variables):
        yield from _cases(found, each, common)


def _cases(found: Found, variables: Mapping[str, Any], common: Common) -> Iterator[dict[str, Any]]:
    """The case of one test and one set of variables, and one for each set of which a share must hold."""
    spoken = _spoken(found.intake, found.path, variables, common.message)
    if spoken is None:
        return
    threshold = threshold_of(found.intake, found.path, found.test)
    weighed = threshold is not None or common.weighed
    shared = checks(common.templated, variables, weighed)
    listed = found.listed()
    own = checks(listed, variables, weighed)
    made = Checks([*shared.every, *own.every], [*shared.shares, *own.shares])
    apart = _apart(made, common)
    lost = bool(listed) and not own.every
    if _says(made, common) and not lost:
        yield _case(found, variables, spoken, made.every, threshold)
    elif not apart:
        why = "nothing that it asserts could be carried over" if listed else "it asserts nothing"
        found.intake.leave(found.path, f"is left out: {why}")
    for number, share in enumerate(apart):
        if number or (made.every and not lost):
            what = "a set of which a share must hold is a case of its own: the same is asked again"
            found.intake.choose(found.path, what)
        yield _case(found, variables, spoken, share.every, share.least)


def _apart(made: Checks, common: Common) -> list[Share]:
    """Sets of which a share must hold; none where defaultTest would add to what the share is of."""
    found = []
    for share in made.shares:
        if common.asserted:
            why = "a share of its assertions must hold, and defaultTest asserts more: write it by hand"
            share.intake.leave(share.path, why)
        elif not 0 < share.least <= 1:
            why = f"{share.least:g} of its assertions is no share that says something"
            share.intake.leave(f"{share.path}.threshold", why)
        else:
            found.append(share)
    return found


def _says(made: Checks, common: Common) -> bool:
    """Whether something is asserted that every class of evidence can judge."""
    both = (*made.every, *common.asserted)
    return any(each.get("weight", 1) > 0 and each["type"] != _UNMEASURED for each in both)


def _spoken(intake: Intake, path: str, variables: Mapping[str, Any], message: str) -> dict[str, Any] | None:
    """The variables under our names; None when the test has no message."""
    said = variables.get(message)
    if isinstance(said, int | float) and not isinstance(said, bool):
        said = str(said)
    if not isinstance(said, str) or not said.strip():
        what = "is no text, and it" if said is not None and said != "" else "is not there or empty, and it"
        intake.leave(f"{path}.vars.{message}", f"{what} is the user's message; name another variable by --message")
        return None
    if message != MESSAGE and MESSAGE in variables:
        intake.leave(f"{path}.vars.{MESSAGE}", f"the user's message is {message!r}, which takes this name")
    ours = {MESSAGE if name == message else name: value for name, value in variables.items() if name != MESSAGE}
    return {**ours, MESSAGE: said}


def _case(
    found: Found, variables: Mapping[str, Any], spoken: dict[str, Any], made: list[dict[str, Any]], share: float | None
) -> dict[str, Any]:
    said = found.test.get("description")
    said = " ".join(fill(said, variables).split()) if isinstance(said, str) else ""
    case: dict[str, Any] = {"id": _id(said, spoken, made)}
    case |= {"description": said} if said else {}
    case["vars"] = spoken
    case |= {"assert": made} if made else {}
    case |= {} if share is None else {"threshold": share}
    tags = _tags(found)
    return case | ({"tags": tags} if tags else {})


def _id(said: str, spoken: Mapping[str, Any], made: list[dict[str, Any]]) -> str:
    """From the description or the message; where neither has Latin letters, from the content of the case."""
    content = {"vars": dict(spoken), "assert": made}
    name = kebab(said or str(spoken[MESSAGE])[:_SHORT], "")
    return name or f"test-{digest(canonical(content)).removeprefix('sha256:')[:8]}"


def _tags(found: Found) -> list[str]:
    """`metadata` as labels: `category-math` for {category: math}, and lists under the key `tags` as they are."""
    metadata = found.test.get("metadata")
    tags: list[str] = []
    for key, value in metadata.items() if isinstance(metadata, dict) else ():
        values = value if isinstance(value, list) else [value]
        if key == "conversationId" or not all(isinstance(each, str | int | float) for each in values):
            found.intake.leave(f"{found.path}.metadata.{key}", "is no label; tags are the only labels of a case")
            continue
        tags += [kebab(each if key == "tags" else f"{key}-{each}", "") for each in values]
    if metadata and not isinstance(metadata, dict):
        found.intake.leave(f"{found.path}.metadata", "tags are the only labels of a case")
    if tags:
        found.intake.at_line(0).choose("metadata", "becomes tags")
    return list(dict.fromkeys(tag for tag in tags if tag))


def threshold_of(intake: Intake, path: str, test: Mapping[str, Any]) -> float | None:
    """The share of its score by which a test passes; None for all of its assertions."""
    given = test.get("threshold")
    if given is None:
        return None
    if not isinstance(given, int | float) or isinstance(given, bool) or not 0 <= given <= 1:
        intake.leave(f"{path}.threshold", "is no share from 0 to 1: every assertion must hold")
        return None
    if given == 0:
        intake.choose(f"{path}.threshold", "with 0 it passes whatever is answered")
    return given
