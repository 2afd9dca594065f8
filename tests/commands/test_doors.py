"""A migration that the running release's code cannot live with: refused, allowed by name, and no way back over it."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mooring.state.migrations.table import MIGRATIONS
from tests.repository import HOME, SURROUNDINGS, Repo, copied, up

NEWER = """
from mooring.state.migrations import table
from mooring.state.migrations.migration import Migration

table.MIGRATIONS += (
    Migration("colours", ("create table colours (name $text primary key) $strict",), ("drop table colours",), True),
    Migration(
        "answers without tenants",
        ("alter table answers rename column tenant to owner",),
        ("alter table answers rename column owner to tenant",),
        False,
    ),
)
"""
DOOR = "answers without tenants"


class Newer:
    """The command with code that knows two more migrations, in processes of its own, as all that it starts."""

    def __init__(self, repo: Repo, folder: Path) -> None:
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(NEWER)
        self.repo = repo
        path = os.pathsep.join([str(folder), str(HOME / "scripts"), str(HOME)])
        self._environ = {**os.environ, **SURROUNDINGS, "PYTHONPATH": path}

    def __call__(self, *arguments: str) -> dict[str, Any]:
        command = [sys.executable, "-m", "mooring", "-C", str(self.repo.root), "--json", *arguments]
        done = subprocess.run(command, env=self._environ, capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stderr, done.stderr
        said = json.loads(done.stdout)
        assert isinstance(said, dict)
        return said

    def migrations(self) -> list[str]:
        with sqlite3.connect(self.repo.root / ".mooring/local/state.db") as database:
            return [name for (name,) in database.execute("select name from versions order by number")]


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_one_way_door_is_refused_then_opened_by_name_and_not_gone_back_through(tmp_path: Path) -> None:
    with up(copied(tmp_path)) as repo:
        newer = Newer(repo, tmp_path / "newer")
        known = [migration.name for migration in MIGRATIONS]
        looked = newer("status", "local")
        assert looked["environments"][0]["live"]
        assert newer("restart", "local", "supervisor")["reason"] == "changed"
        (shown,) = newer("state", "show", "local")["environments"]
        assert f"the migration {DOOR!r} waits: a one-way door" in shown["warnings"]
        assert newer.migrations() in (known, [*known, "colours"])

        agent = next((repo.root / "configs/agents").glob("*.yaml"))
        agent.write_text(agent.read_text().replace("description: ", "description: Again, ", 1))
        subprocess.run(
            [sys.executable, "-m", "mooring", "-C", repo.root, "bump"],
            check=True, env=newer._environ, capture_output=True,
        )  # fmt: skip
        repo.commit("another description")
        refused = newer("deploy", "local")
        assert refused["reason"] == "guarded", refused
        assert "one-way-door" in refused["message"]
        assert DOOR in refused["message"]
        assert DOOR not in newer.migrations()

        digest = newer("plan", "local")["plan"]
        (repo.root / "configs/overrides").mkdir(exist_ok=True)
        (repo.root / "configs/overrides/door.yaml").write_text(_override(repo, digest))
        repo.commit("the door may be opened")
        deployed = newer("deploy", "local")
        assert deployed["reason"] == "deployed", deployed
        assert deployed["lost"] == 0
        assert newer.migrations() == [*known, "colours", DOOR]

        back = newer("rollback", "local", "--no-writeback")
        assert back["reason"] == "guarded", back
        assert "one-way door" in back["message"]
        assert "moor restart local blue" in back["fix"]
        assert newer("restart", "local", "blue")["reason"] == "changed"
        assert newer("rollback", "local", "--no-writeback")["reason"] == "rolled-back"

        older = subprocess.run(
            [sys.executable, "-m", "mooring", "-C", repo.root, "--json", "deploy", "local"],
            check=False, env={**os.environ, **SURROUNDINGS}, capture_output=True, text=True,
        )  # fmt: skip
        assert older.returncode == 1
        assert "newer" in json.loads(older.stdout)["message"]


def _override(repo: Repo, digest: str) -> str:
    guards = next((repo.root / "configs/operations").rglob("guards*.yaml")).read_text()
    owner = guards.partition("overrideOwners:")[2].replace("[", " ").replace('"', " ").replace("-", " - ", 1).split()
    name = next(word.strip(",]'") for word in owner if word.startswith("@"))
    return f"""# yaml-language-server: $schema=../../schemas/override.schema.json
apiVersion: mooring/v1
kind: Override
name: door
version: 1.0.0
description: Lets a one-way door be opened.
owner: "{name}"
plan: {digest}
guards: [one-way-door]
reason: The state was exported, and nobody needs to go back.
expires: 2999-01-01T00:00:00Z
"""
