"""The door `moor` and its set-up, run as a newcomer's machine runs them."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Until = Callable[[Callable[[], bool]], None]


@pytest.mark.slow
def test_a_fresh_clone_needs_only_python_with_venv_and_pip(bare_clone: Any) -> None:
    first = bare_clone.run()
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("['plan', 'a b']")
    phases = [line.split(" ")[1] for line in first.stderr.splitlines()]
    assert (phases[0], phases[-1]) == ("setting", "ready")
    assert (bare_clone.root / ".venv").resolve().parent == bare_clone.root / ".venvs"


def test_once_set_up_the_door_says_nothing_of_its_own(clone: Any) -> None:
    clone.run()
    again = clone.run()
    assert again.stdout.startswith("['plan', 'a b']")
    assert again.stderr == ""
    assert clone.calls == ["venv", "pip"]


def test_the_door_works_from_any_folder_and_through_a_link_and_keeps_the_folder(clone: Any, tmp_path: Path) -> None:
    door = tmp_path / "moor"
    door.symlink_to(clone.root / "scripts/moor")
    (tmp_path / "mooring").mkdir()
    (tmp_path / "mooring/__main__.py").write_text("raise SystemExit('the wrong package')")
    done = clone.run(str(door), "status", cwd=tmp_path)
    assert done.stdout.split(" ", 1)[1].startswith(f"{tmp_path} {clone.root}/.venvs/")
    assert done.stdout.endswith(f" {clone.root}\n")


@pytest.mark.slow
def test_a_new_lock_makes_a_new_environment_and_leaves_the_old_one_to_who_runs_from_it(clone: Any) -> None:
    clone.run()
    before = (clone.root / ".venv").resolve()
    os.utime(before, (0, 0))  # long unused
    with subprocess.Popen([before / "bin/python", "-c", "input()"], stdin=subprocess.PIPE) as running:
        clone.lock("changed")
        clone.run()
        assert (clone.root / ".venv").resolve() != before
        assert before.exists()
        running.communicate(b"\n")
    clone.lock("changed again")
    os.utime(before, (0, 0))
    clone.run()
    assert not before.exists()


@pytest.mark.slow
def test_an_environment_lent_by_another_checkout_serves_while_the_lock_is_the_same_and_is_never_written_to(
    clone: Any, tmp_path: Path
) -> None:
    clone.run()
    lent = (clone.root / ".venv").resolve()
    borrower = type(clone)(tmp_path / "borrower", clone.tools)
    shutil.copytree(clone.root / "scripts", borrower.root / "scripts")
    borrower.lock()
    (borrower.root / ".venv").symlink_to(lent)
    assert str(lent) in borrower.run().stdout
    before = sorted(path.relative_to(lent.parent) for path in lent.parent.rglob("*"))
    borrower.lock("changed")
    done = borrower.run()
    assert f" {borrower.root}/.venvs/" in done.stdout, done.stderr
    assert sorted(path.relative_to(lent.parent) for path in lent.parent.rglob("*")) == before
    assert (clone.root / ".venv").resolve() == lent


@pytest.mark.slow
@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_set_up_ends_in_one_line_and_is_started_again(clone: Any, until: Until) -> None:
    hold = clone.tools / "hold"
    hold.touch()
    with clone.start() as process:
        until(lambda: (clone.tools / "calls").exists() and clone.calls == ["venv", "pip"])
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode in (130, -signal.SIGINT)
    assert err.splitlines()[1:] == ["moor: interrupted; the next run starts the set-up again"]
    assert not (clone.root / ".venv").exists()
    hold.unlink()
    assert clone.run().returncode == 0


@pytest.mark.slow
def test_a_killed_set_up_is_waited_for_as_long_as_its_installer_lives(clone: Any, until: Until) -> None:
    hold = clone.tools / "hold"
    hold.touch()
    with clone.start("python3", "scripts/bootstrap.py") as killed:
        until(lambda: (clone.tools / "calls").exists() and clone.calls == ["venv", "pip"])
        killed.kill()
        killed.wait()
        with clone.start() as second:
            assert second.stderr
            assert second.stderr.readline() == "moor: another set-up is at work; waiting for it\n"
            hold.unlink()
            out, _ = second.communicate(timeout=20)
    assert out.startswith("['plan', 'a b']")
    assert clone.calls == ["venv", "pip", "venv", "pip"]


def test_of_two_set_ups_at_once_the_second_uses_what_the_first_made(clone: Any) -> None:
    with clone.start() as first, clone.start() as second:
        outputs = [process.communicate(timeout=60)[0] for process in (first, second)]
    assert len(set(outputs)) == 1
    assert clone.calls == ["venv", "pip"]


@pytest.mark.slow
def test_a_failed_installation_is_one_line_with_the_log_and_changes_nothing(clone: Any) -> None:
    clone.run()
    before = (clone.root / ".venv").resolve()
    (clone.tools / "fail").touch()
    clone.lock("changed")
    done = clone.run()
    assert done.returncode == 1
    log = clone.root / ".venvs/install.log"
    assert done.stderr.splitlines()[1:] == [f"moor: error: no route to the index (log: {log})"]
    assert done.stdout == ""
    assert (clone.root / ".venv").resolve() == before


@pytest.mark.slow
def test_a_package_that_is_not_the_locked_one_is_refused(bare_clone: Any) -> None:
    with bare_clone.wheel.open("ab") as file:
        file.write(b"changed on the way")
    done = bare_clone.run()
    assert done.returncode == 1
    assert "DO NOT MATCH THE HASHES" in done.stderr
    assert not (bare_clone.root / ".venv").exists()


def test_an_environment_somebody_else_made_is_left_alone(clone: Any) -> None:
    (clone.root / ".venv").mkdir()
    done = clone.run()
    assert done.returncode == 1
    assert done.stderr == f"moor: {clone.root}/.venv was not made by this set-up; move it away and run again\n"


@pytest.mark.slow
@pytest.mark.parametrize("more", ["dev", "eval"])
def test_an_environment_for_more_serves_the_command_too_and_stays_one(clone: Any, more: str) -> None:
    clone.run("python3", "scripts/bootstrap.py", f"--{more}")
    clone.run()
    assert clone.calls == ["venv", "pip"]
    clone.lock("changed")
    clone.run()
    assert (clone.root / f".venv/requirements-{more}.lock").exists()


@pytest.mark.parametrize("python", [None, "#!/bin/sh\nexit 9\n"], ids=["none", "broken"])
def test_a_machine_without_a_working_python_is_told_so(bare_clone: Any, tmp_path: Path, python: str | None) -> None:
    tools = tmp_path / "only"
    tools.mkdir()
    for name in ("sh", "readlink", "cmp"):
        (tools / name).symlink_to(str(shutil.which(name)))
    if python:
        (tools / "python3").write_text(python)
        (tools / "python3").chmod(0o755)
    command = [bare_clone.root / "scripts/moor"]
    done = subprocess.run(command, env={"PATH": str(tools)}, capture_output=True, text=True)
    assert done.returncode == (9 if python else 1)
    assert done.stderr == ("" if python else "moor: needs python3, version 3.11 or newer\n")
