"""Reads the Dockerfile, and follows its lines into plain folders, since no container engine is to be had in tests."""

import fnmatch
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[2]
FILE = ROOT / "Dockerfile"
CONTENT = ROOT / "tests/content"
"""Whose documents stand for the repository's own."""


@dataclass
class Stage:
    """What one FROM begins. `folder` stands for the root of its file system."""

    base: str
    name: str
    lines: list[tuple[str, str]] = field(default_factory=list)

    def values(self, word: str) -> list[str]:
        return [rest for found, rest in self.lines if found == word]


def stages(text: str) -> list[Stage]:
    found: list[Stage] = []
    for line in text.replace("\\\n", " ").splitlines():
        word, _, rest = line.strip().partition(" ")
        if not word or word.startswith("#"):
            continue
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            found.append(Stage(base, name or "last"))
        else:
            found[-1].lines.append((word, rest))
    return found


def reaches_the_builder(path: str, rules: list[str]) -> bool:
    """Whether .dockerignore lets a file through: the last rule that matches it, or a folder above it, decides."""
    parts = PurePosixPath(path).parts
    through = True
    for rule in rules:
        pattern = rule.removeprefix("!")
        names = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
        loose = pattern.startswith("**/")
        if any(fnmatch.fnmatch(name.split("/")[-1] if loose else name, pattern.removeprefix("**/")) for name in names):
            through = rule.startswith("!")
    return through


def context() -> list[str]:
    """The files of the repository that reach the builder."""
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True
    )
    return [path for path in listed.stdout.splitlines() if reaches_the_builder(path, rules)]


@dataclass
class Build:
    """Follows stages below a folder. Paths of the image are below the folder of their stage."""

    below: Path
    workdir: str = "/"
    environ: dict[str, str] = field(default_factory=dict)

    def run(self, found: list[Stage]) -> Path:
        """Returns the folder that stands for the root of the last stage."""
        for stage in found:
            self.workdir, self.environ = "/", {}
            self.root(stage.name).mkdir(parents=True)
            for word, rest in stage.lines:
                self.follow(stage.name, word, rest)
        return self.root(found[-1].name)

    def root(self, stage: str) -> Path:
        return self.below / stage

    def place(self, stage: str, path: str) -> Path:
        return self.root(stage) / str(PurePosixPath(self.workdir) / path).lstrip("/")

    def follow(self, stage: str, word: str, rest: str) -> None:
        match word:
            case "WORKDIR":
                self.workdir = rest
                self.place(stage, ".").mkdir(parents=True, exist_ok=True)
            case "ENV":
                pairs = (pair.split("=", 1) for pair in shlex.split(rest))
                self.environ |= {name: value.replace("/app", str(self.root(stage) / "app")) for name, value in pairs}
            case "COPY":
                self.copy(stage, rest)
            case "RUN":
                command = ["sh", "-euc", rest]
                given = {"PATH": f"{Path(sys.base_prefix) / 'bin'}:{os.environ['PATH']}", "HOME": str(self.below)}
                given |= {name: os.environ[name] for name in os.environ if name.startswith("PIP_")}
                subprocess.run(command, cwd=self.place(stage, "."), env=given, check=True)
            case "LABEL" | "USER" | "ENTRYPOINT" | "CMD":
                pass
            case _:
                raise AssertionError(f"{word} cannot be followed here")

    def copy(self, stage: str, rest: str) -> None:
        first, *paths = rest.split()
        if first.startswith("--from="):
            source, target = paths
            shutil.copytree(
                self.root(first.removeprefix("--from=")) / source.lstrip("/"),
                self.place(stage, target),
                symlinks=True,
                dirs_exist_ok=True,
            )
            return
        source, target = first, paths[0]
        for path in context():
            if path == source or path.startswith(f"{source}/"):
                below = path.removeprefix(f"{source}/") if path != source else path
                to = self.place(stage, target) / below
                if path.startswith("evals/") and not (CONTENT / path).exists():
                    continue
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile((CONTENT if path.startswith("evals/") else ROOT) / path, to)
