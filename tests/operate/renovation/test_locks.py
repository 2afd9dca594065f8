"""Whether the locks are in step: of this repository, and of some that are not."""

import pytest

from mooring.operate.renovation.locks import DEV, EVAL, FILES, MODEL, RUNTIME, changes, out_of_step, pins
from mooring.operate.renovation.resolve import read
from tests.repository import HOME

DIGEST = f"--hash=sha256:{'a' * 64}"


def lock(*packages: str) -> str:
    return "".join(f"{package} \\\n    {DIGEST}\n" for package in packages)


GOOD = {
    DEV: lock("a==1.0", "b==2.0", "c==3.0", "d==1.1 ; python_full_version < '3.13'", "d==1.2"),
    EVAL: lock("a==1.0", "b==2.0", "d==1.2"),
    RUNTIME: lock("a==1.0", "d==1.2"),
    MODEL: lock("m==7"),
}


def test_the_locks_of_this_repository_are_in_step() -> None:
    assert list(read(HOME)) == list(FILES)
    assert out_of_step(read(HOME)) == []


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        (RUNTIME, lock("a==1.1"), "a is 1.1 in requirements.lock and 1.0 in requirements-eval.lock"),
        (
            EVAL,
            lock("a==1.0", "b==2.1", "d==1.2"),
            "b is 2.1 in requirements-eval.lock and 2.0 in requirements-dev.lock",
        ),
        (RUNTIME, lock("a==1.0", "e==1"), "e is in requirements.lock and not in requirements-eval.lock"),
        (EVAL, "a==1.0\n" + lock("d==1.2"), "requirements-eval.lock: a has no hash"),
        (MODEL, "m==7\n", "requirements-model.lock: m has no hash"),
        (MODEL, "", "requirements-model.lock holds no package"),
        (RUNTIME, "# nothing\n", "requirements.lock holds no package"),
    ],
)
def test_locks_that_differ_are_told(file: str, text: str, said: str) -> None:
    assert out_of_step(GOOD) == []
    assert said in out_of_step({**GOOD, file: text})


def test_an_environment_of_its_own_may_hold_another_version() -> None:
    assert out_of_step({**GOOD, MODEL: lock("a==0.1")}) == []


def test_a_name_is_the_same_however_it_is_written_and_markers_are_kept() -> None:
    (one,) = pins(lock("Typing_Extensions==4.1 ; sys_platform == 'linux'"))["typing-extensions"]
    assert (one.version, one.marker, one.hashes) == ("4.1", "sys_platform == 'linux'", 1)


def test_what_a_renewal_changes_is_said_once_for_all_locks() -> None:
    after = {file: text.replace("a==1.0", "a==1.2").replace("c==3.0", "e==1.0") for file, text in GOOD.items()}
    assert changes(GOOD, after) == ["a 1.0 → 1.2", "c 3.0 → gone", "e new → 1.0"]
