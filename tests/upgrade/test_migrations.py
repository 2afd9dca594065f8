"""Documents of older formats become documents of the newest, in order, all of them or none."""

from pathlib import Path
from typing import Any, get_args

import pytest

from mooring.catalog.formats import CURRENT, number
from mooring.catalog.migrations.migration import Migration, chain
from mooring.catalog.migrations.table import MIGRATIONS
from mooring.errors import FindingsError
from mooring.spec import Document
from mooring.upgrade.migrate import migrate
from tests.repository import Repo

TOOL = """\
# yaml-language-server: $schema=../../schemas/tool.schema.json
apiVersion: mooring/v1
kind: Tool
name: find
version: 1.4.2  # raised by hand
# The vendor cuts at fifteen.
timeout: 10
"""


def seconds(data: dict[str, Any]) -> dict[str, Any]:
    return {("timeoutSeconds" if key == "timeout" else key): value for key, value in data.items()}


def limits(data: dict[str, Any]) -> dict[str, Any]:
    seconds = data.pop("timeoutSeconds")
    return {**data, "limits": {"timeoutSeconds": seconds}}


TABLE = (
    Migration("mooring/v1", "mooring/v2", {"Tool": seconds}),
    Migration("mooring/v2", "mooring/v3", {"Tool": limits}),
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "configs/tools").mkdir(parents=True)
    (tmp_path / "configs/tools/find.yaml").write_text(TOOL)
    return tmp_path


def tool(root: Path) -> str:
    return (root / "configs/tools/find.yaml").read_text()


def test_every_format_before_this_one_has_a_migration_and_none_is_for_a_format_that_is_not():
    sources = {migration.source for migration in MIGRATIONS}
    current = number(CURRENT)
    assert current
    assert sources == {f"mooring/v{past}" for past in range(1, current)}
    assert get_args(Document.model_fields["api_version"].annotation) == (CURRENT,)
    for migration in MIGRATIONS:
        assert number(migration.target) == (number(migration.source) or 0) + 1


def test_two_formats_apart_both_steps_apply_in_order_and_the_comments_stay(root: Path) -> None:
    (done,) = migrate(root, TABLE, "mooring/v3")
    assert (done.before, done.after, done.version_before, done.version_after) == (
        "mooring/v1",
        "mooring/v3",
        "1.4.2",
        "1.5.0",
    )
    expected = TOOL.replace("mooring/v1", "mooring/v3").replace("1.4.2", "1.5.0")
    assert tool(root) == expected.replace("timeout: 10\n", "limits:\n  timeoutSeconds: 10\n")
    assert migrate(root, TABLE, "mooring/v3") == []


def test_a_version_that_stood_for_another_content_is_not_used_again(root: Path) -> None:
    repo = Repo(root)
    repo.git("init", "-q")
    repo.edit("configs/tools/find.yaml", "1.4.2", "1.5.0")
    repo.commit()
    repo.edit("configs/tools/find.yaml", "1.5.0", "1.4.2")
    repo.commit("revert")
    assert migrate(root, TABLE, "mooring/v3")[0].version_after == "1.6.0"


def test_a_kind_without_a_step_changes_its_format_alone(root: Path) -> None:
    repo = Repo(root)
    repo.edit("configs/tools/find.yaml", "kind: Tool", "kind: Model")
    before = tool(root)
    migrate(root, TABLE, "mooring/v3")
    assert tool(root) == before.replace("mooring/v1", "mooring/v3").replace("1.4.2", "1.5.0")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("mooring/v1", "mooring/v9", "nothing migrates mooring/v9 to mooring/v3"),
        ("1.4.2", "soon", "no version such as 1.0.0"),
    ],
)
def test_what_cannot_be_migrated_is_told_and_nothing_is_written(root: Path, old: str, new: str, said: str) -> None:
    (root / "configs/tools/other.yaml").write_text(TOOL.replace(old, new))
    with pytest.raises(FindingsError) as refused:
        migrate(root, TABLE, "mooring/v3")
    (finding,) = refused.value.findings
    assert finding.file == "configs/tools/other.yaml"
    assert said in finding.message
    assert tool(root) == TOOL


def test_a_file_that_is_no_document_is_left_to_validate(root: Path) -> None:
    (root / "configs/tools/broken.yaml").write_text("apiVersion: mooring/v1\nkind: [")
    migrate(root, TABLE, "mooring/v3")
    assert (root / "configs/tools/broken.yaml").read_text() == "apiVersion: mooring/v1\nkind: ["


def test_a_circle_in_a_table_ends() -> None:
    circle = (Migration("mooring/v1", "mooring/v2"), Migration("mooring/v2", "mooring/v1"))
    with pytest.raises(LookupError):
        chain("mooring/v1", "mooring/v3", circle)
