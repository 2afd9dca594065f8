"""`promtool` and `amtool` of Debian's packages."""

import subprocess
from pathlib import Path
from typing import Any

import yaml

HOW = "apt-get install -y --no-install-recommends prometheus prometheus-alertmanager"


def tool(*arguments: str, text: str | None = None) -> str:
    """What a program says; its complaints are the test's."""
    try:
        done = subprocess.run(arguments, input=text, capture_output=True, text=True)
    except FileNotFoundError:
        raise AssertionError(f"{arguments[0]} lacks: {HOW}") from None
    assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def run_rules(folder: Path, rules: str, step: int, tests: list[dict[str, Any]]) -> None:
    """`promtool test rules` with the rules evaluated once in each interval of `step` seconds."""
    (folder / "rules.yaml").write_text(rules)
    written = {"rule_files": ["rules.yaml"], "evaluation_interval": f"{step}s", "tests": tests}
    (folder / "tests.yaml").write_text(yaml.safe_dump(written, sort_keys=False, width=10_000))
    tool("promtool", "test", "rules", str(folder / "tests.yaml"))
