"""Runs benchmarks and prints one table. Exit 0 when every limit is met, 1 when one is not or could not be measured."""

import argparse
import dataclasses
import importlib
import json
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.bench.row import MissingError, Row

FOLDER = Path(__file__).parent
HEADINGS = ("what", "ours", "rival", "ratio", "limit", "")
MARKS = {True: "ok", False: "MISSED", None: ""}


def main(argv: list[str] | None = None) -> int:
    names = sorted(path.stem.removeprefix("bench_") for path in FOLDER.glob("bench_*.py"))
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all, or some of: {', '.join(names) or 'none yet'}")
    parser.add_argument("--json", action="store_true", help="rows as JSON on stdout")
    told = "write what was measured to a file that other code reads (default: the committed one)"
    parser.add_argument("--write", nargs="?", metavar="FILE", type=Path, const=True, help=told)
    args = parser.parse_args(argv)
    if unknown := sorted(set(args.names) - set(names)):
        parser.error(f"no benchmark {', '.join(unknown)}; there are: {', '.join(names)}")
    if args.write and args.names != ["scale"]:
        parser.error("--write is for one benchmark whose figures are used elsewhere: bench scale --write")
    rows = [row for name in args.names or names for row in measure(name)]
    if args.write:
        print(f"written to {_write(args.names, args.write)}", file=sys.stderr)
    print(json.dumps([dataclasses.asdict(row) for row in rows], indent=2) if args.json else table(rows))
    return int(not rows or any(row.ok is False for row in rows))


def measure(name: str) -> list[Row]:
    """The rows of one benchmark. What keeps it from running is a row too, so the others still run."""
    started = time.monotonic()
    print(f"{name} ...", file=sys.stderr, flush=True)
    try:
        run: Callable[[], list[Row]] = importlib.import_module(f"tests.bench.bench_{name}").run
        return run()
    except MissingError as missing:
        return [Row(name, f"not measured: {missing}", ok=False)]
    except Exception:  # noqa: BLE001 - one broken benchmark must not hide the others' figures
        traceback.print_exc()
        return [Row(name, "crashed, see above", ok=False)]
    finally:
        print(f"{name} {time.monotonic() - started:.1f} s", file=sys.stderr, flush=True)


def _write(names: list[str], file: Path | bool) -> str:
    """Where it was written."""
    (name,) = names
    write: Callable[[Path | None], str] = importlib.import_module(f"tests.bench.bench_{name}").write
    return write(None if isinstance(file, bool) else file)


def table(rows: Iterable[Row]) -> str:
    cells = [HEADINGS, *(line(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEADINGS))]
    padded = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells)
    return "\n".join(row.rstrip() for row in padded)


def line(row: Row) -> tuple[str, ...]:
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}x"
    return row.what, row.ours, row.rival, ratio, row.limit, MARKS[row.ok]


if __name__ == "__main__":
    sys.exit(main())
