"""The README stays short, its links lead somewhere, and its Chinese edition says the same."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENGLISH, CHINESE = ROOT / "README.md", ROOT / ".github/README.zh-CN.md"
PAGES = [ENGLISH, *sorted((ROOT / ".github").glob("*.md"))]


def headings(page: Path) -> list[str]:
    """The level of each heading, in order."""
    return re.findall(r"^(#+) ", page.read_text(encoding="utf-8"), re.MULTILINE)


def blocks(page: Path) -> list[str]:
    return re.findall(r"^```.*?^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def commands(page: Path) -> list[str]:
    """What is set as code in the first column of tables, and wherever else a command is named."""
    text = page.read_text(encoding="utf-8")
    return [*re.findall(r"^\| (`.*?) \|(?= )", text, re.MULTILINE), *re.findall(r"`\./scripts/[^`]+`", text)]


def links(page: Path) -> list[str]:
    """Names and targets of links to files, as seen from the root."""
    found = re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
    return [(page.parent / target).resolve().relative_to(ROOT).as_posix() for target in found]


def rows(page: Path) -> int:
    return len(re.findall(r"^\|", page.read_text(encoding="utf-8"), re.MULTILINE))


def test_both_editions_have_the_same_headings_commands_and_output() -> None:
    assert headings(CHINESE) == headings(ENGLISH)
    assert commands(CHINESE) == commands(ENGLISH)
    assert blocks(CHINESE) == blocks(ENGLISH)
    assert rows(CHINESE) == rows(ENGLISH)


def test_both_editions_lead_to_the_same_pages_and_to_each_other() -> None:
    assert links(ENGLISH)[0] == ".github/README.zh-CN.md"
    assert links(CHINESE)[0] == "README.md"
    assert links(CHINESE)[1:] == links(ENGLISH)[1:]


def test_the_readme_is_read_in_minutes() -> None:
    assert len(ENGLISH.read_text(encoding="utf-8").splitlines()) < 280


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    assert [link for link in links(page) if not (ROOT / link).exists()] == []
