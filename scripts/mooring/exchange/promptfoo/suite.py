"""`tests`, `scenarios` and `defaultTest` of a promptfoo config into a suite."""

from collections.abc import Mapping
from typing import Any

from mooring.exchange.files import FILE, Unusable, data_of, referred
from mooring.exchange.intake import Intake
from mooring.exchange.promptfoo.assertions import Listed, checks
from mooring.exchange.promptfoo.cases import Common, read_cases, threshold_of
from mooring.exchange.promptfoo.providers import model_of
from mooring.exchange.promptfoo.scenarios import scenarios
from mooring.exchange.promptfoo.sound import sound
from mooring.exchange.promptfoo.sources import Found, read_tests
from mooring.exchange.promptfoo.variables import variables_of
from mooring.exchange.prompts import MESSAGE, message_of
from mooring.spec.assertions import asks_a_judge
from mooring.spec.suite import Assertion

_TEMPLATES = "#/assertionTemplates/"


def add_suite(intake: Intake, data: Mapping[str, Any], group: str) -> None:
    """The suite as a document, when there is a case for it."""
    default = _default_test(intake, data)
    variables = variables_of(intake, "defaultTest.vars", default.test.get("vars"))
    found = [*read_tests(intake, data.get("tests"), "tests"), *scenarios(intake, data.get("scenarios"))]
    message = message_of(intake, _names(found, variables))
    if message is None:
        intake.leave("tests", "no variable is known to be the user's message; name it by --message")
        return
    if message != MESSAGE:
        intake.choose("tests", f"the variable {message!r} is the user's message, so it is called `message`")
    templates = data.get("assertionTemplates")
    listed = _with_templates(default, templates).listed()
    plain = [each for each in listed if "{{" not in str(each[2])]
    made, judge = _default(intake, default.test, plain)
    templated = [each for each in listed if each not in plain]
    common = Common(message, variables, tuple(made.get("assert", ())), templated, "threshold" in made)
    cases = sound(intake, made, read_cases([_with_templates(one, templates) for one in found], common))
    if not cases:
        intake.leave("tests", "none could be carried over, so there is no suite")
        return
    if not intake.wishes.agent:
        intake.choose("", f"which agent is asked is not said: {group!r}; name another by --agent")
    suite: dict[str, Any] = {"agent": intake.wishes.agent or group}
    if _judged(made, cases) and (judge := judge or _some_model(intake)):
        suite["judge"] = {"model": judge}
    suite |= {"defaultTest": made} if made else {}
    intake.add("EvalSuite", group, data.get("description"), {**suite, "tests": cases})


def _default_test(intake: Intake, data: Mapping[str, Any]) -> Found:
    given = data.get("defaultTest")
    if isinstance(given, str) and given.startswith(FILE):
        try:
            given = data_of(*referred(intake.folder, given))
        except Unusable as error:
            intake.leave("defaultTest", str(error))
            given = None
    if given is not None and not isinstance(given, dict):
        intake.leave("defaultTest", "is no test")
    return Found(intake, "defaultTest", given if isinstance(given, dict) else {})


def _with_templates(found: Found, templates: Any) -> Found:
    """The test with `$ref: '#/assertionTemplates/name'` as what it names; what is not there is told later."""
    given = found.test.get("assert") if isinstance(found.test, dict) else None
    if isinstance(given, list) and isinstance(templates, dict):
        found.test["assert"] = [_template(one, templates) for one in given]
    return found


def _template(given: Any, templates: Mapping[str, Any]) -> Any:
    name = given.get("$ref") if isinstance(given, dict) else None
    if isinstance(name, str) and name.startswith(_TEMPLATES):
        return templates.get(name.removeprefix(_TEMPLATES), given)
    return given


def _default(intake: Intake, default: Mapping[str, Any], listed: Listed) -> tuple[dict[str, Any], str | None]:
    """defaultTest without its variables, which every case gets, and the Model that judges."""
    made: dict[str, Any] = {}
    threshold = threshold_of(intake, "defaultTest", default)
    asserted = checks(listed, {}, weighed=threshold is not None)
    for share in asserted.shares:
        intake.leave(share.path, "a share of its assertions must hold; write it into the tests")
    if asserted.every:
        made["assert"] = asserted.every
    if threshold is not None:
        made["threshold"] = threshold
    intake.leave_rest("defaultTest", default, {}, {"vars", "assert", "threshold", "options"})
    options = default.get("options")
    judge = None
    if isinstance(options, dict):
        why = {"transform": "is code, which is never run", "rubricPrompt": "judges are asked by deepeval's own prompts"}
        intake.leave_rest("defaultTest.options", options, why, {"provider"})
        if "provider" in options:
            judge = model_of(intake, "defaultTest.options.provider", options["provider"])
    return made, judge


def _some_model(intake: Intake) -> str | None:
    """A judge where none is named: promptfoo's own depends on the keys that it finds."""
    name = next((draft.name for draft in intake.drafts if draft.kind == "Model"), None)
    if name is None:
        intake.leave(
            "defaultTest.options.provider", "no judge is named, and assertions ask one: add `judge` to the suite"
        )
    else:
        intake.choose("defaultTest.options.provider", f"no judge is named: {name}, the first of the providers")
    return name


def _judged(default: Mapping[str, Any], cases: list[dict[str, Any]]) -> bool:
    return any(
        asks_a_judge(Assertion.model_validate(each)) for case in (default, *cases) for each in case.get("assert", ())
    )


def _names(found: list[Found], common: Mapping[str, Any]) -> list[str]:
    """Variables of the tests, in the order they are first named."""
    given = [one.test.get("vars") for one in found if isinstance(one.test, dict)]
    names = [str(name) for each in given if isinstance(each, dict) for name in each]
    return list(dict.fromkeys([*names, *common]))
