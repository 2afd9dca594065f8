"""What one run costs on PostgreSQL, beside the committed figures that `moor drill --scale` reckons with.

What does not depend on the machine must still be what is committed; else `scripts/bench scale --write`.
"""

import json
from pathlib import Path

from mooring.drill.scale.figures import COMMITTED, Figures, read
from tests.bench.row import Row
from tests.bench.scaling.measure import measure

NEAR = 0.15
"""How far a count may be from the committed one."""

_measured: list[str] = []


def run() -> list[Row]:
    found = json.dumps(measure(), indent=2) + "\n"
    _measured[:] = [found]
    return [*_counts(Figures.model_validate_json(found), read()), *_times(Figures.model_validate_json(found), read())]


def write(file: Path | None) -> str:
    """Writes what was measured; where. The committed file, if none is given."""
    (file or COMMITTED).write_text(_measured[0], encoding="utf-8")
    return str(file or COMMITTED)


def _counts(now: Figures, then: Figures) -> list[Row]:
    rows = []
    for mode, run in now.run.items():
        was = then.run[mode]
        pairs = (
            ("statements", run.statements, was.statements),
            ("rows written", run.rows_written, was.rows_written),
        )
        rows += [_count(f"a run, checkpoints {mode}: {what}", *values) for what, *values in pairs]
    rows.append(_count("a run: calls of models", now.example.model_calls, then.example.model_calls))
    rows.append(_count("a run: tokens", now.example.tokens, then.example.tokens))
    rows.append(_count("connections of a worker", now.process.connections, then.process.connections))
    return rows


def _count(what: str, now: float, then: float) -> Row:
    ratio = now / then
    return Row(what, f"{now:.2f}", f"{then:.2f} committed", ratio, f"+-{NEAR:.0%}", abs(ratio - 1) <= NEAR)


def _times(now: Figures, then: Figures) -> list[Row]:
    """Of this machine, so there is no limit."""
    rows = [Row("load of the machine meanwhile", f"{now.load_average}", f"{then.load_average} committed")]
    for mode, run in now.run.items():
        was = then.run[mode]
        rows += [
            _time(f"a run, checkpoints {mode}: worker", run.worker_seconds, was.worker_seconds),
            _time(f"a run, checkpoints {mode}: PostgreSQL", run.database_seconds, was.database_seconds),
        ]
    resident, before = now.process.resident_mib, then.process.resident_mib
    return [*rows, Row("memory of a worker", f"{resident:.0f} MiB", f"{before:.0f} MiB committed", resident / before)]


def _time(what: str, now: float, then: float) -> Row:
    return Row(what, f"{now * 1e3:.2f} ms CPU", f"{then * 1e3:.2f} ms committed", now / then)
