"""What is shown of a process that ended: its own last error, also where workers share a log."""

from pathlib import Path

from mooring.targets.host.logs import last_words


def test_the_last_error_of_another_worker_is_not_this_ones(tmp_path: Path) -> None:
    log = tmp_path / "blue.log"
    log.write_text(
        '{"level": "error", "event": "no key", "worker": 1}\n'
        '{"level": "error", "event": "no memory", "worker": 2}\n'
        '{"level": "info", "event": "ready", "worker": 1}\n'
    )
    assert (last_words(log, 1), last_words(log, 2)) == ("no key", "no memory")


def test_where_a_slot_has_one_worker_every_error_is_its_own(tmp_path: Path) -> None:
    log = tmp_path / "blue.log"
    log.write_text('{"level": "error", "event": "no key"}\nnot JSON\n')
    assert last_words(log, 1) == "no key"
    log.write_text("Segmentation fault\n")
    assert last_words(log, 1) == "Segmentation fault"
    assert last_words(tmp_path / "none.log", 1) == ""
