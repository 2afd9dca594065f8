"""What an upgrade cannot do it says in one line, and leaves everything as it was."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from mooring.main import main
from tests.repository import Repo
from tests.upgrade.conftest import made, put, release

Arrange = Callable[[Repo, Repo], None]
RECORD = ".github/template.json"


def nothing(template: Repo, copy: Repo) -> None:
    return


def recorded(text: str) -> Arrange:
    def write(template: Repo, copy: Repo) -> None:
        put(copy, {RECORD: text})
        copy.commit("A record")

    return write


def without_git(template: Repo, copy: Repo) -> None:
    (copy.root / ".git").rename(copy.root.parent / "git")


def without_commits(template: Repo, copy: Repo) -> None:
    without_git(template, copy)
    copy.git("init", "-q")


def in_a_folder(template: Repo, copy: Repo) -> None:
    without_git(template, copy)
    Repo(copy.root.parent).git("init", "-q")


def without_tags(template: Repo, copy: Repo) -> None:
    template.git("tag", "-d", "v0.1.0", "v0.2.0", "v0.3.0")


def own_branch(template: Repo, copy: Repo) -> None:
    copy.git("branch", "mooring-upgrade-0.3.0")


def another_project(template: Repo, copy: Repo) -> None:
    made(template.root.parent / "other")
    other = Repo(template.root.parent / "other")
    put(other, {"README.md": "Not Mooring\n"})
    other.commit("Not Mooring")
    other.git("tag", "v9.9.9")


def empty_project(template: Repo, copy: Repo) -> None:
    made(template.root.parent / "other")


CASES: dict[str, tuple[Arrange, list[str], int, str]] = {
    "no address": (nothing, [], 2, "the address of the template is not recorded here yet"),
    "a version alone": (nothing, ["v0.3.0"], 2, "the address of the template is not recorded here yet"),
    "no such folder": (nothing, ["./nowhere"], 2, "there is nothing at ./nowhere"),
    "a plain folder": (nothing, ["{parent}"], 1, "cannot be fetched: "),
    "an unknown version": (nothing, ["{template}", "v0.3"], 2, "no version, branch or commit 'v0.3'; did you mean"),
    "an unknown commit": (nothing, ["{template}", "0123456789abcdef"], 2, "no version, branch or commit '0123"),
    "a commit of one's own": (nothing, ["{template}", "{head}"], 2, "no version, branch or commit '"),
    "a version like a path": (nothing, ["{template}", "heads/../main"], 2, "no version, branch or commit 'heads/"),
    "no network": (nothing, ["http://127.0.0.1:9/x.git"], 1, "the template at http://127.0.0.1:9/x.git cannot be"),
    "two versions": (nothing, ["v0.2.0", "v0.3.0"], 2, "two versions: v0.2.0 and v0.3.0"),
    "two addresses": (nothing, ["{template}", "https://example.com/x"], 2, "two addresses: "),
    "a password": (nothing, ["https://me:secret@example.com/x.git"], 2, "https://example.com/x.git without them"),
    "a token": (nothing, ["https://ghp_secret@example.com/x.git"], 2, "https://example.com/x.git without them"),
    "a migration of something": (nothing, ["--migrate", "v0.3.0"], 2, "it takes no version"),
    "no version that is older": (nothing, ["{template}", "v0.1.0", "--from", "v0.2.0"], 1, "0.1.0 is older than 0.2.0"),
    "an unknown origin": (nothing, ["{template}", "--from", "v7"], 2, "no version, branch or commit 'v7'"),
    "no git": (without_git, ["{template}"], 2, "is no git repository"),
    "no commit": (without_commits, ["{template}"], 2, "there is no commit yet"),
    "a folder of a repository": (in_a_folder, ["{template}"], 2, "is a folder inside of the repository"),
    "no tags": (without_tags, ["{template}"], 2, "has no version tag"),
    "a branch of one's own": (own_branch, ["{template}"], 1, "branch mooring-upgrade-0.3.0 holds commits that are no"),
    "another project": (another_project, ["{other}"], 2, "is no Mooring: "),
    "an empty repository": (empty_project, ["{other}"], 2, "is empty"),
    "a broken record": (recorded("{"), [], 2, f"{RECORD}: "),
    "an unknown key": (recorded('{"adress": ""}'), [], 2, f"{RECORD} adress: "),
    "no commit recorded": (recorded('{"commit": "--all"}'), [], 2, f"{RECORD} commit: "),
    "an option recorded": (recorded('{"address": "--upload-pack=touch ran"}'), [], 2, "is no address of a git"),
    "a command recorded": (recorded('{"address": "ext::touch"}'), [], 1, "transport 'ext' not allowed"),
    "a password recorded": (recorded('{"address": "https://a:secret@example.com/x"}'), [], 2, "without them"),
}


@pytest.fixture
def refused(
    template: Repo, copy: Repo, seen: Callable[[Repo], Any], capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """The exit code and the one line of an upgrade that must leave the copy as it was."""

    def run(*words: str) -> tuple[int, str]:
        names = {"template": template.root, "parent": template.root.parent, "other": template.root.parent / "other"}
        head = copy.git("rev-parse", "HEAD").strip() if "{head}" in words else ""
        arguments = [word.format(**names, head=head) for word in words]
        before = seen(copy) if (copy.root / ".git").exists() and "no commit" not in words else None
        code = main(["-C", str(copy.root), "upgrade", *arguments])
        err = capsys.readouterr().err
        (line,) = [line for line in err.splitlines() if line.startswith("moor: error: ")]
        assert "Traceback" not in err
        assert "secret" not in err
        if before:
            assert seen(copy) == before
        assert not list(copy.root.rglob("ran"))
        return code, line

    return run


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_one_line(template: Repo, copy: Repo, refused: Callable[..., tuple[int, str]], name: str) -> None:
    arrange, words, code, said = CASES[name]
    arrange(template, copy)
    got, line = refused(*words)
    assert said in line
    assert got == code


class Locked(BaseHTTPRequestHandler):
    """Asks everybody for a password."""

    def do_GET(self) -> None:
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="x"')
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the library's
        return


@pytest.fixture
def locked() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Locked) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/x.git"
        server.shutdown()


@pytest.mark.slow
def test_a_server_that_wants_a_password_is_no_question(refused: Callable[..., tuple[int, str]], locked: str) -> None:
    code, line = refused(locked)
    assert code == 1
    assert "could not read Username" in line


@pytest.mark.slow
def test_a_copy_of_nowhere_is_told_to_name_its_origin_and_can(
    template: Repo, copy: Repo, refused: Callable[..., tuple[int, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    put(template, {"scripts/extra.py": "extra\n"})
    template.git("tag", "-d", "v0.1.0", "v0.2.0", "v0.3.0")
    template.git("checkout", "-q", "--orphan", "squashed")
    template.git("branch", "-D", "main")
    release(template, "0.4.0", {})
    code, line = refused("{template}")
    assert code == 2
    assert "has no tag v0.1.0, the version that this copy came from" in line
    first = copy.git("rev-list", "--max-parents=0", "HEAD").strip()
    assert main(["-C", str(copy.root), "--json", "upgrade", str(template.root), "--from", first]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["conflicts"], data["offered"]) == ([], True)


@pytest.mark.slow
def test_a_branch_that_is_checked_out_is_not_moved(
    template: Repo, copy: Repo, refused: Callable[..., tuple[int, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-C", str(copy.root), "upgrade", str(template.root)]) == 0
    copy.git("switch", "-q", "mooring-upgrade-0.3.0")
    put(copy, {RECORD: None, "scripts/mooring/__init__.py": '__version__ = "0.1.0"\n'})
    capsys.readouterr()
    code = main(["-C", str(copy.root), "upgrade", str(template.root), "--from", "v0.1.0"])
    assert code == 1
    assert "branch mooring-upgrade-0.3.0 is checked out" in capsys.readouterr().err


def test_a_template_that_names_its_address_is_asked_there(
    template: Repo, copy: Repo, tmp_path: Path, refused: Callable[..., tuple[int, str]]
) -> None:
    put(copy, {RECORD: '{"address": "http://127.0.0.1:9/template.git"}\n'})
    copy.commit("As it came")
    code, line = refused()
    assert code == 1
    assert line.startswith("moor: error: the template at http://127.0.0.1:9/template.git cannot be fetched")
