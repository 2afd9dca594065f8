"""CODEOWNERS out of the documents' owners, so that who approves is said in one place.

https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
"""

from pathlib import Path

from mooring.catalog.catalog import Catalog
from mooring.finding import Finding
from mooring.spec import FOLDERS, Guards

FILE = ".github/CODEOWNERS"
HEADER = "# Generated from the documents' owners by `moor schema --write`; the last line that matches a file counts."


def codeowners(catalog: Catalog) -> str:
    """The text of the file. Who may override the guards owns all that is no document, and every override."""
    guardians = sorted({owner for guards in catalog.all(Guards).values() for owner in guards.override_owners})
    lines = [f"* {' '.join(guardians)}".rstrip()]
    lines += sorted(
        f"/{entry.file} {entry.document.owner}" for (kind, _), entry in catalog.entries.items() if kind != "Override"
    )
    lines.append(f"/{FOLDERS['Override']}/ {' '.join(guardians)}".rstrip())
    return "\n".join([HEADER, *lines]) + "\n"


def stale(root: Path, catalog: Catalog) -> list[Finding]:
    """One finding when the committed file is not the generated one; none where nothing is meant for GitHub."""
    if not (root / FILE).parent.is_dir():
        return []
    try:
        committed = (root / FILE).read_text(encoding="utf-8")
    except OSError:
        committed = ""
    if committed == codeowners(catalog):
        return []
    return [Finding(FILE, 0, "", "does not say what the documents' owners say", "codeowners", "moor schema --write")]


def write(root: Path, catalog: Catalog) -> None:
    """Writes the generated file. Raises OSError."""
    (root / FILE).parent.mkdir(exist_ok=True)
    (root / FILE).write_text(codeowners(catalog), encoding="utf-8")
