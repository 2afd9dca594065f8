"""Validation as whole processes: this repository, one document, and 2,000 documents against check-jsonschema."""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.row import Row
from tests.repository import CONTENT

ROOT = Path(__file__).parents[2]
BASE = ROOT / "tests" / "examples" / "base"
COPIES = 200
"""Of the ten documents of the base that an environment reaches: 2,000 in all, with environment and guards two more."""


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        many, one, example = Path(folder, "many"), Path(folder, "one"), Path(folder, "example")
        shutil.copytree(CONTENT, example)
        shutil.copytree(ROOT / "schemas", example / "schemas")
        documents = repository_of_many(many)
        _one(one)
        return [
            _alone("validate the example", example, 0.6),
            _beside("validate 1 document, all checks", one, 1),
            _beside(f"validate {documents} documents, all checks", many, documents),
        ]


def _alone(what: str, root: Path, limit: float) -> Row:
    seconds = min(_validate(root) for _ in range(5))
    return Row(what, f"{seconds:.2f} s", limit=f"< {limit} s", ok=seconds < limit)


def _beside(what: str, root: Path, documents: int) -> Row:
    kinds = _by_kind(root)
    assert sum(map(len, kinds.values())) == documents
    pairs = [(_validate(root), _rival(root, kinds)) for _ in range(5)]
    ours, theirs = (min(side) for side in zip(*pairs, strict=True))
    ratio = ours / theirs
    return Row(what, f"{ours:.2f} s", f"{theirs:.2f} s check-jsonschema, schemas only", ratio, "<= 1x", ratio <= 1)


def _by_kind(root: Path) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {}
    for path in root.rglob("*.yaml"):
        kind = re.search(r"^kind: (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert kind is not None
        kinds.setdefault(kind[1].lower(), []).append(str(path))
    return kinds


def _rival(root: Path, kinds: dict[str, list[str]]) -> float:
    """Seconds of check-jsonschema: a process for each kind, all start-ups but one taken off."""
    command = [sys.executable, "-m", "check_jsonschema"]
    start_up = _seconds([*command, "--version"], root)
    seconds = 0.0
    for kind, files in kinds.items():
        seconds += _seconds([*command, "--schemafile", str(ROOT / "schemas" / f"{kind}.schema.json"), *files], root)
    return seconds - start_up * (len(kinds) - 1)


def _validate(root: Path) -> float:
    """Seconds of load and every check as a process; a lone document has findings, which is no failure here."""
    code = (
        "import gc, sys; gc.set_threshold(50_000, 20, 20);"  # as `python -m mooring` does
        " from pathlib import Path; from mooring.catalog.load import load;"
        "from mooring.catalog.checks import check; from mooring.catalog.source import WorkTree;"
        "catalog, found = load(WorkTree(Path(sys.argv[1]))); found += check(catalog);"
        "sys.exit(any(finding.check != 'empty' and finding.check != 'unused' for finding in found))"
    )
    return _seconds([sys.executable, "-c", code, str(root)], ROOT / "scripts")


def _seconds(command: list[str], folder: Path) -> float:
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def _one(root: Path) -> None:
    (root / "configs" / "models").mkdir(parents=True)
    shutil.copy(BASE / "configs" / "models" / "large.yaml", root / "configs" / "models")


def repository_of_many(root: Path) -> int:
    """A repository of COPIES agents with their own tools, models, profiles and prompts; its number of documents."""
    shared = ("configs/environments/here.yaml", "configs/operations/guards.yaml")
    texts = {path.relative_to(BASE).as_posix(): path.read_text(encoding="utf-8") for path in BASE.rglob("*.yaml")}
    for number in range(COPIES):
        for file, text in texts.items():
            if file not in shared:
                _write(root / _numbered(file, number), _numbered(text, number))
    environment = texts[shared[0]]
    probe = environment[environment.index("    - agent: clerk") :]
    agents = "".join(f"  - clerk-{number}\n" for number in range(COPIES))
    probes = "".join(_numbered(probe, number) for number in range(COPIES))
    environment = (
        environment.replace("  - clerk\n", agents, 1).replace(probe, probes).replace("name: calm", "name: calm-0")
    )
    _write(root / shared[0], environment)
    _write(root / shared[1], texts[shared[1]])
    return COPIES * (len(texts) - 2) + 2


def _numbered(text: str, number: int) -> str:
    return re.sub(
        r"\b(clerk|base|find|shred|large|other|calm|manners|letters)(?=[\s,\"]|\.yaml|$)", rf"\1-{number}", text
    )


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
