"""A promptfoo config as a whole: its prompts, providers and tests."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from mooring.exchange.files import FILE, Unusable, data_of, referred
from mooring.exchange.intake import Intake, kebab
from mooring.exchange.models import add_model
from mooring.exchange.promptfoo.cases import assertions, read_tests, variables_of
from mooring.exchange.promptfoo.prompts import read_prompts
from mooring.exchange.promptfoo.sound import sound
from mooring.exchange.prompts import MESSAGE, message_of
from mooring.exchange.tools import read_openai
from mooring.spec.assertions import asks_a_judge
from mooring.spec.suite import Assertion

_CARRIED = {"description", "prompts", "providers", "targets", "tests", "defaultTest", "$schema"}
_WHY = {
    "scenarios": "write them as tests",
    "env": "secrets and settings are named by the environment's documents",
    "extensions": "is code, which is never run",
    "nunjucksFilters": "is code, which is never run",
    "redteam": "attacks are cases of a suite here",
    "derivedMetrics": "metrics are summed up by name only",
    "outputPath": "`moor eval --output` says where reports go",
    "sharing": "results stay here",
    "evaluateOptions": "`moor eval` runs as many cases at once as the endpoint bears",
    "commandLineOptions": "`moor eval --help` shows ours",
}
_SPOKEN = ("chat", "messages", "responses", "completion")


def read(content: bytes, intake: Intake) -> None:
    """A suite, and a Prompt, Model or Tool for each that the config has. Raises Unusable."""
    data = data_of(f"{intake.file}.yaml" if content.lstrip()[:1] not in (b"{", b"[") else intake.file, content)
    if not isinstance(data, dict):
        raise Unusable("is no promptfoo config: not a mapping")
    intake.leave_rest("", data, _WHY, _CARRIED)
    path = PurePath(intake.file)
    stem = path.stem if not path.stem.startswith("promptfooconfig") else intake.folder.resolve().name
    group = kebab(stem, "promptfoo")
    if "prompts" in data:
        read_prompts(intake, data["prompts"], group)
    for key in ("providers", "targets"):
        _providers(intake, key, data.get(key), group)
    if "tests" in data:
        _suite(intake, data, group)
    else:
        intake.leave("tests", "there are none, so there is no suite")


def _providers(intake: Intake, key: str, given: Any, group: str) -> None:
    for index, item in enumerate(given if isinstance(given, list) else [] if given is None else [given]):
        path = f"{key}.{index}"
        if isinstance(item, dict) and "id" not in item and len(item) == 1:
            ((name, options),) = item.items()  # the form {openai:chat:gpt: {config: …}}
            item = {**(options if isinstance(options, dict) else {}), "id": name}
        if isinstance(item, dict):
            why = {"prompts": "an agent has one prompt", "transform": "is code, which is never run"}
            intake.leave_rest(path, item, why, {"id", "label", "config"})
        _model(intake, path, item, group)


def _model(intake: Intake, path: str, item: Any, group: str = "") -> str | None:
    """The Model document of a provider such as `openai:chat:gpt-4.1`, if it can be one."""
    name, config = (item.get("id"), item.get("config")) if isinstance(item, dict) else (item, None)
    if not isinstance(name, str):
        intake.leave(path, "names no provider")
        return None
    if name.startswith((FILE, "exec:", "python:", "package:", "golang:", "http", "ws", "webhook")):
        intake.leave(path, f"{name!r} is code or a service of one's own; answers come from models")
        return None
    config = config if isinstance(config, dict) else {}
    vendor, _, rest = name.partition(":")
    first, colon, id_ = rest.partition(":")
    if colon and first in ("embedding", "embeddings", "image", "realtime", "moderation", "assistant"):
        intake.leave(path, f"{name} is no chat")
        return None
    tools = config.get("tools")
    if tools is not None and group:
        _tools(intake, f"{path}.config.tools", tools, group)
    id_ = id_ if colon and first in _SPOKEN else rest
    return add_model(intake, path, vendor, id_, config, frozenset({"tools"}))


def _tools(intake: Intake, path: str, given: Any, group: str) -> None:
    if isinstance(given, str):
        try:
            given = data_of(*referred(intake.folder, given))
        except Unusable as error:
            return intake.leave(path, str(error))
    return read_openai(given, intake, path, group)


def _suite(intake: Intake, data: Mapping[str, Any], group: str) -> None:
    default = data.get("defaultTest")
    if default is not None and not isinstance(default, dict):
        intake.leave("defaultTest", "in a file of its own is not read")
    default = default if isinstance(default, dict) else {}
    common = variables_of(intake, "defaultTest.vars", default.get("vars"))
    made, judge = _default(intake, default, common)
    message = message_of(intake, _names(data, common))
    if message not in (None, MESSAGE):
        intake.choose("tests", f"the variable {message!r} is the user's message, so it is called `message`")
    cases = sound(intake, made, read_tests(intake, data["tests"], common, message))
    if not cases:
        return intake.leave("tests", "none could be carried over, so there is no suite")
    if not intake.wishes.agent:
        intake.choose("", f"which agent is asked is not said: {group!r}; name another by --agent")
    suite: dict[str, Any] = {"agent": intake.wishes.agent or group}
    suite |= {"judge": {"model": judge}} if judge and _judged(made, cases) else {}
    suite |= {"defaultTest": made} if made else {}
    intake.add("EvalSuite", group, data.get("description"), {**suite, "tests": cases})
    return None


def _default(
    intake: Intake, default: Mapping[str, Any], common: Mapping[str, Any]
) -> tuple[dict[str, Any], str | None]:
    """defaultTest without its variables, which every case gets, and the Model that judges."""
    made: dict[str, Any] = {}
    if checks := assertions(intake, "defaultTest.assert", default.get("assert"), common):
        made["assert"] = checks
    if isinstance(default.get("threshold"), int | float):
        made["threshold"] = default["threshold"]
    intake.leave_rest("defaultTest", default, {}, {"vars", "assert", "threshold", "options"})
    options = default.get("options")
    judge = None
    if isinstance(options, dict):
        why = {"transform": "is code, which is never run", "rubricPrompt": "judges are asked by deepeval's own prompts"}
        intake.leave_rest("defaultTest.options", options, why, {"provider"})
        if "provider" in options:
            judge = _model(intake, "defaultTest.options.provider", options["provider"])
    return made, judge


def _judged(default: Mapping[str, Any], cases: list[dict[str, Any]]) -> bool:
    return any(
        asks_a_judge(Assertion.model_validate(each)) for case in (default, *cases) for each in case.get("assert", ())
    )


def _names(data: Mapping[str, Any], common: Mapping[str, Any]) -> list[str]:
    """Variables of the tests, in the order they are first named."""
    tests = data["tests"] if isinstance(data["tests"], list) else []
    given = [test.get("vars") for test in tests if isinstance(test, dict)]
    names = [name for each in given if isinstance(each, dict) for name in each]
    return list(dict.fromkeys([*names, *common]))
