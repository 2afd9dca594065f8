"""A promptfoo config as a whole: its prompts, providers and tests."""

from pathlib import PurePath

from mooring.exchange.files import Unusable, located
from mooring.exchange.intake import Intake, kebab
from mooring.exchange.promptfoo.prompts import read_prompts
from mooring.exchange.promptfoo.providers import read_providers
from mooring.exchange.promptfoo.suite import add_suite

_CARRIED = {"description", "prompts", "providers", "targets", "tests", "scenarios", "defaultTest", "$schema"}
_CARRIED |= {"assertionTemplates"}
_WHY = {
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


def read(content: bytes, intake: Intake) -> None:
    """A suite, and a Prompt, Model or Tool for each that the config has. Raises Unusable."""
    found = located(f"{intake.file}.yaml" if content.lstrip()[:1] not in (b"{", b"[") else intake.file, content)
    data, intake.line_of = found.data, found.line_of
    if not isinstance(data, dict):
        raise Unusable("is no promptfoo config: not a mapping")
    intake.leave_rest("", data, _WHY, _CARRIED)
    path = PurePath(intake.file)
    stem = path.stem if not path.stem.startswith("promptfooconfig") else intake.folder.resolve().name
    group = kebab(stem, "promptfoo")
    if "prompts" in data:
        read_prompts(intake, data["prompts"], group)
    for key in ("providers", "targets"):
        read_providers(intake, key, data.get(key), group)
    if "tests" in data or "scenarios" in data:
        add_suite(intake, data, group)
    else:
        intake.leave("tests", "there are none, so there is no suite")
