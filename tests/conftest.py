"""Fixtures that several parts use."""

import copy
import gc
import ipaddress
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import httpcore2
import pytest
import yaml
from hypothesis import settings

from mooring.release.content import ReleaseContent
from tests import reaper
from tests.cluster import building
from tests.cluster.fixtures import control_plane, images, namespace, nodes, pytest_collection_modifyitems
from tests.local_model.missing import MISSING as NO_MODEL
from tests.postgres import Cluster
from tests.workflows import tools

__all__ = ["control_plane", "images", "namespace", "nodes", "pytest_collection_modifyitems"]

GOLDEN = Path(__file__).parent / "golden"

# A loaded machine is slow, not wrong.
settings.register_profile("mooring", deadline=None)
settings.load_profile("mooring")

Edit = Callable[[Mapping[str, Any]], ReleaseContent]
Golden = Callable[[str, str], None]


def loopback_only(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook, since those cannot be got round: a test that reaches beyond this machine fails.

    Source: PEP 578; the events are in the Python documentation, "Audit events table".
    """
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = str(arguments[1][0]).partition("%")[0]
    elif event == "socket.getaddrinfo":
        host = str(arguments[0] or "localhost")
    else:
        return
    try:
        inside = host in ("", "localhost") or ipaddress.ip_address(host).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise PermissionError(f"tests talk to this machine only, not to {host}")


HOME = Path(__file__).parents[1]
LIVE = tuple(f"{HOME / folder}{os.sep}" for folder in ("configs", "prompts", "evals", "scripts/tools"))
"""The documents at the root are of whoever uses this repository; tests of the code read those under tests/content."""


def own_content_only(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook: a test that reads the documents at the root fails, whatever they are."""
    if event in ("open", "os.listdir", "os.scandir") and isinstance(arguments[0], str | bytes | os.PathLike):
        path = os.path.abspath(os.fsdecode(arguments[0]))  # noqa: PTH100 - pathlib would make a hundred objects
        if f"{path}{os.sep}".startswith(LIVE):
            raise PermissionError(f"tests of the code read the documents of tests/content, not {path}")


sys.addaudithook(loopback_only)
sys.addaudithook(own_content_only)
reaper.mark()
os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="moor-")  # its processes are this run's, and end with it


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server of one's own."""
    with Cluster() as cluster:
        yield cluster


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty database is, on each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state' / 'state.db'}"
    cluster: Cluster = request.getfixturevalue("cluster")
    return cluster.fresh()


@pytest.fixture(scope="session", autouse=True)
def nothing_stays() -> Iterator[None]:
    """Processes that tests have started end with pytest, also when that is killed."""
    with reaper.reaper():
        yield
    shutil.rmtree(os.environ["XDG_RUNTIME_DIR"], ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def certificates_are_read_once() -> Iterator[None]:
    """Each of many hundred clients would read all that this machine trusts, which takes longer than most tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpcore2, "default_ssl_context", cache(httpcore2.default_ssl_context))
        yield


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Processes that a test starts can be interrupted, also where pytest runs with SIGINT ignored.

    A process keeps an ignored signal ignored, and so do those that it starts (signal(7), "Signal dispositions"): a
    shell ignores SIGINT for a job in the background.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def pytest_collection_finish() -> None:
    """What was imported stays; the collector, which would go through it again and again, need not look at it."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tests that were skipped are easily overlooked; these are too many for that."""
    skipped = terminalreporter.getreports("skipped")
    for missing in (tools.MISSING, building.MISSING, NO_MODEL):
        if any(missing in str(report.longrepr) for report in skipped):
            terminalreporter.write_line(missing, yellow=True, bold=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="rewrite golden files")


@pytest.fixture(scope="session")
def edit() -> Edit:
    """The content of tests/golden/content.yaml with values put at dotted paths; `...` takes a key away."""
    written = yaml.safe_load((GOLDEN / "content.yaml").read_text(encoding="utf-8"))
    original = ReleaseContent.model_validate(written).model_dump(mode="json")

    def edited(values: Mapping[str, Any]) -> ReleaseContent:
        data = copy.deepcopy(original)
        for path, value in values.items():
            *way, last = path.split(".")
            at: Any = data
            for key in way:
                at = at[int(key)] if isinstance(at, list) else at[key]
            if value is ...:
                del at[int(last) if isinstance(at, list) else last]
            else:
                at[int(last) if isinstance(at, list) else last] = value
        return ReleaseContent.model_validate(data)

    return edited


@pytest.fixture(scope="session")
def content(edit: Edit) -> ReleaseContent:
    """A small release content, complete in itself."""
    return edit({})


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compares text with a file below tests/golden/, or writes it there with `--bless`."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--bless"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        expected = path.read_text(encoding="utf-8") if path.exists() else ""
        assert text == expected, f"differs from {path}; if it is right: python -m pytest {request.node.path} --bless"

    return compare
