"""Where people look at the repository: the web address of its remote."""

import re
import subprocess
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

_SCP = re.compile(r"(?:[\w.-]+@(?P<one>[\w.-]+)|(?P<two>[\w-]+(?:\.[\w-]+)+)):(?!//)(?P<path>[\w./~-]+)")
"""`git@host:owner/name.git`, as scp writes it; without a user the host has a dot, or it might be anything."""


def web_address(url: str) -> str | None:
    """The address for a browser of a remote's URL, without credentials; None for a folder or an unknown form."""
    url = url.strip()
    parts = urlsplit(url)
    if parts.scheme in ("http", "https", "ssh", "git") and parts.hostname:
        # The port of ssh is none of a browser's.
        port = f":{parts.port}" if parts.port and parts.scheme in ("http", "https") else ""
        scheme = "http" if parts.scheme == "http" else "https"
        return _plain(scheme, f"{parts.hostname}{port}", parts.path)
    if "://" not in url and (found := _SCP.fullmatch(url)):
        return _plain("https", found["one"] or found["two"], found["path"])
    return None


def _plain(scheme: str, host: str, path: str) -> str | None:
    path = path.strip("/").removesuffix(".git")
    return f"{scheme}://{host}/{path}" if path else None


@lru_cache(maxsize=8)
def repository(root: Path) -> str | None:
    """The web address of the remote `origin` of a work tree; None where there is none. Asked once in a process."""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "config", "--get", "remote.origin.url"], capture_output=True, text=True, timeout=5
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    try:
        return web_address(done.stdout)
    except ValueError:
        return None
