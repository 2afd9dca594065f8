"""With which token the settings are asked for, and of which repository."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from mooring.errors import UsageError
from mooring.operate.repository.github import GitHub
from mooring.operate.repository.remote import repository

TOKEN = "MOORING_SETTINGS_TOKEN"
"""The variable with a token that may read the settings, or write them: a workflow's own never may."""

FIX = f'GH_TOKEN="$(gh auth token)" before the command, or {TOKEN} with a token of its own'


def access(root: Path, environ: Mapping[str, str]) -> GitHub:
    """The repository of GITHUB_REPOSITORY, else of the remote `origin`. UsageError where there is none, or no token."""
    name = environ.get("GITHUB_REPOSITORY") or urlsplit(repository(root) or "").path.strip("/")
    if name.count("/") != 1:
        fix = "gh repo create --source . --push, or set GITHUB_REPOSITORY to owner/name"
        raise UsageError("this repository is not on GitHub: its remote `origin` names none", fix)
    token = environ.get(TOKEN) or environ.get("GH_TOKEN") or environ.get("GITHUB_TOKEN")
    if not token:
        raise UsageError(f"GitHub was not asked about {name}: there is no token", FIX)
    return GitHub.of({**environ, "GITHUB_REPOSITORY": name, "GH_TOKEN": token})
