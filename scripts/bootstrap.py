"""Sets up the Python environment of the doors: `python3 scripts/bootstrap.py [--eval|--dev|--model]`.
Standard library only. `--eval` adds what judges of evaluations need, `--dev` that and what tests need. `--model`
sets up another one instead, with what serves a small language model on this machine, and prints where its Python is;
that one is in the user's cache, since all clones share it.

An environment is never changed once it is complete: `.venvs/<digest of lock and Python>`, with a copy of its
locks inside, written last. `.venv` links to the current one, so a new lock means a new environment, whatever
still runs keeps its own, and an interrupted set-up is never taken for a finished one. For development, Debian
packages that tests need are installed too, where root asks for it; elsewhere the command is said.
All messages go to stderr; exit 0 done, 1 failed with one line, 130 interrupted.
"""

from __future__ import annotations  # an old Python must get as far as the check of its version

import fcntl
import glob
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

HOME = Path(__file__).resolve().parent.parent
LINK = HOME / ".venv"
STORE = HOME / ".venvs"
PACKAGES = HOME / "scripts/debian-packages.txt"
POLICY = Path("/usr/sbin/policy-rc.d")
RUNTIME, EVAL, DEV = "requirements.lock", "requirements-eval.lock", "requirements-dev.lock"
MODEL = "requirements-model.lock"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mooring/models"
PROCESSOR = {"avx2", "bmi2", "f16c", "fma"}
"""What the compiled code of `MODEL` uses on x86-64; elsewhere it takes any processor. Source: xllamacpp's wheels."""
KEEP_SECONDS = 7 * 86_400


class Failure(Exception):
    """One line for a person."""


def main(arguments: list[str]) -> int:
    try:
        check_python()
        if "--model" in arguments:
            print(set_up_model() / "bin/python")
            return 0
        names = locks(arguments)
        if not is_current(LINK, names):
            set_up(names)
        if "--dev" in arguments:
            install_packages()
    except Failure as failure:
        return end(1, str(failure))
    except OSError as error:
        return end(1, f"{error.filename or 'set-up'}: {error.strerror}")
    except KeyboardInterrupt:
        return end(130, "interrupted; the next run starts the set-up again")
    return 0


def locks(arguments: list[str]) -> list[str]:
    """The locks of the environment; one for development or for judges stays one when the lock changes."""
    if "--dev" in arguments or (LINK / DEV).exists():
        return [RUNTIME, DEV]
    return [RUNTIME, EVAL] if "--eval" in arguments or (LINK / EVAL).exists() else [RUNTIME]


def check_python() -> None:
    if sys.version_info < (3, 11):
        raise Failure("needs Python 3.11 or newer, and python3 is {}.{}.{}".format(*sys.version_info))


def is_current(environment: Path, names: list[str]) -> bool:
    """Whether a complete environment holds exactly what the named locks say."""
    same = (read(HOME / name) == read(environment / name) for name in names)
    return all(same) and os.access(environment / "bin/python", os.X_OK)


def set_up(names: list[str]) -> None:
    if LINK.is_dir() and not LINK.is_symlink():
        raise Failure(f"{LINK} was not made by this set-up; move it away and run again")
    STORE.mkdir(exist_ok=True)
    with sole_owner(STORE) as held:
        environment = STORE / digest(names)
        if not is_current(environment, names):
            build(environment, names, held)
        switch(environment)
        remove_unused(environment)


def set_up_model(cpuinfo: Path = Path("/proc/cpuinfo")) -> Path:
    """The environment of `MODEL`, made when it is missing. Those of older locks stay until somebody removes them."""
    environment = CACHE / digest([MODEL])
    if is_current(environment, [MODEL]):
        return environment
    if not read(HOME / MODEL):
        raise Failure(f"{HOME / MODEL} is missing, which says what serves a local model")
    flags = next((line.split() for line in read(cpuinfo).splitlines() if line.startswith("flags")), None)
    lacking = sorted(PROCESSOR - set(flags)) if flags else []
    if lacking:
        raise Failure(f"no local model on this processor, which lacks {', '.join(lacking)}")
    CACHE.mkdir(parents=True, exist_ok=True)
    with sole_owner(CACHE) as held:
        if not is_current(environment, [MODEL]):
            build(environment, [MODEL], held)
    return environment


def digest(names: list[str]) -> str:
    parts = [sys.version, *(read(HOME / name) for name in names)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


@dataclass
class Held:
    """The set-up lock of a store of environments, and the log of its installers."""

    lock: IO[str]
    log: Path


@contextmanager
def sole_owner(store: Path) -> Iterator[Held]:
    """Holds the set-up lock. The installer inherits it, so even one left behind by `kill -9` keeps others out."""
    with (store / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up is at work; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield Held(lock, store / "install.log")


def build(environment: Path, names: list[str], held: Held) -> None:
    started = time.monotonic()
    requirements = HOME / names[-1]
    say(f"setting up Python {sys.version.split()[0]}, once per lock")
    shutil.rmtree(environment, ignore_errors=True)
    held.log.write_text("")
    make, install = commands(environment, requirements)
    run(make, held)
    run(install, held, Progress(environment, requirements, held.log))
    for name in names:
        shutil.copyfile(HOME / name, environment / name)
    say(f"ready after {time.monotonic() - started:.0f} s")


def commands(environment: Path, requirements: Path) -> tuple[list[str], list[str]]:
    """How to make the environment and how to fill it: with uv where it is installed, else with venv and pip."""
    python = str(environment / "bin/python")
    uv = shutil.which("uv")
    if uv:
        sync = [uv, "pip", "sync", "--python", python, "--require-hashes", "--compile-bytecode", str(requirements)]
        return [uv, "venv", "--python", sys.executable, str(environment)], sync
    check_ensurepip()
    pip = [python, "-I", "-m", "pip", "install", "--no-input", "--no-user", "--disable-pip-version-check"]
    locked = ["--progress-bar=off", "--no-deps", "--only-binary=:all:", "--require-hashes", "-r", str(requirements)]
    return [sys.executable, "-I", "-m", "venv", str(environment)], pip + locked


def install_packages() -> None:
    """Installs what is missing of `PACKAGES`. What cannot be installed here is said: the tests that need it fail."""
    lines = [line.split() for line in read(PACKAGES).splitlines() if line and not line.startswith("#")]
    missing = [name for name, proof in lines if not glob.glob(proof)]  # noqa: PTH207 - an absolute pattern
    if not missing:
        return
    command = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if os.getuid() != 0 or not shutil.which("apt-get"):
        say(f"some tests will fail without: {' '.join(command)}")
        return
    say(f"installing Debian packages: {' '.join(missing)}")
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    try:
        with sole_owner(STORE) as held, no_services(POLICY):
            run(["apt-get", "update"], held)
            run(command, held)
    except Failure as failure:
        say(f"{failure}; some tests will fail without: {' '.join(missing)}")


@contextmanager
def no_services(policy: Path) -> Iterator[None]:
    """Packages start none of their servers while they are installed; tests start those that they need themselves.

    Where there is a policy already, that one decides. Source: deb-systemd-invoke(1p), invoke-rc.d(8).
    """
    if policy.exists():
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()


def check_ensurepip() -> None:
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        raise Failure("Python lacks venv; on Debian and Ubuntu: apt install python3-venv") from None


def run(command: list[str], held: Held, progress: Progress | None = None) -> None:
    """Runs one step with its output in the log, and shows how far it is."""
    inherited = [held.lock.fileno()]
    with held.log.open("a") as log, subprocess.Popen(command, stdout=log, stderr=log, pass_fds=inherited) as step:
        try:
            while step.poll() is None:
                if progress:
                    progress.show()
                time.sleep(0.1)
        except KeyboardInterrupt:
            step.terminate()
            raise
        finally:
            if progress:
                progress.clear()
    if step.returncode:
        raise Failure(f"{reason(read(held.log))} (log: {held.log})")


def reason(log: str) -> str:
    """Why the step failed: the last line of its log that looks like a reason."""
    if "WARNING: Retrying" in log:
        return "the package index cannot be reached"
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error", "fatal", "caused by"))]
    return (errors or lines or ["the installer said nothing"])[-1][:200]


class Progress:
    """One line that is written over on a terminal; a line per phase elsewhere."""

    def __init__(self, environment: Path, requirements: Path, log: Path) -> None:
        self.environment, self.log = environment, log
        self.total = sum(line[:1].isalnum() for line in read(requirements).splitlines())
        self.before = self.installed()
        self.phase = ""
        self.detail = ""

    def installed(self) -> int:
        return len(list(self.environment.glob("lib/python*/site-packages/*.dist-info/RECORD")))

    def show(self) -> None:
        fetched = [line.split()[1] for line in read(self.log).splitlines() if line.startswith("Collecting ")]
        installed = self.installed() - self.before
        if installed > 0:
            self.say("installing", f"{installed}/{self.total}")
        elif fetched:
            self.say("fetching", f"{len(fetched)}/{self.total} {fetched[-1]}")

    def say(self, phase: str, detail: str) -> None:
        if sys.stderr.isatty() and detail != self.detail:
            print(f"\r\033[K{phase} {detail}", end="", file=sys.stderr, flush=True)
        elif not sys.stderr.isatty() and phase != self.phase:
            say(f"{phase} packages")
        self.phase, self.detail = phase, detail

    def clear(self) -> None:
        if self.phase and sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def switch(environment: Path) -> None:
    """Points `.venv` at an environment in one step."""
    new = STORE / "new-link"
    new.unlink(missing_ok=True)
    new.symlink_to(environment.relative_to(HOME))
    new.replace(LINK)
    os.utime(environment)


def remove_unused(current: Path) -> None:
    """Removes unfinished and old environments that no process runs from; all stay where `/proc` cannot tell."""
    if not Path("/proc/self/cmdline").exists():
        return
    running = "\0".join(read(path) for path in Path("/proc").glob("[0-9]*/cmdline"))
    for environment in STORE.iterdir():
        recent = (environment / RUNTIME).exists() and time.time() - environment.stat().st_mtime < KEEP_SECONDS
        if environment.is_dir() and environment != current and not recent and str(environment) not in running:
            shutil.rmtree(environment, ignore_errors=True)


def read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def say(message: str) -> None:
    print(f"moor: {message}", file=sys.stderr, flush=True)


def end(code: int, message: str) -> int:
    say(message)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
