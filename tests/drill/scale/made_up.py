"""Figures that nobody measured, round enough to reckon with."""

from datetime import date
from typing import Any

from mooring.drill.scale.cell import Cell
from mooring.drill.scale.figures import Disk, Example, Figures, Forgotten, Kept, Model, Process, Run

NONE = Kept(bytes=0, rows=0)


def figures(**run: Any) -> Figures:
    """Keyword arguments are of a run with checkpoints."""
    kept = {"parts": Kept(bytes=2000, rows=1), "runs": NONE, "turns": Kept(bytes=500, rows=0.25), "conversations": NONE}
    costs: dict[str, Any] = {
        "worker_seconds": 0.02, "database_seconds": 0.002, "statements": 12, "commits": 2, "rows_written": 7,
        "wal_bytes": 7000, "kept": kept, "forgotten": Forgotten(rows_per_second=3000, database_seconds_per_row=0.0001),
    }  # fmt: skip
    model = Model(calls=2, tokens_in=2500, tokens_out=50, input_per_million=2, output_per_million=8)
    return Figures(
        measured=date(2026, 11, 30),
        machine="a machine",
        load_average=0.1,
        python="3.11",
        postgresql="15",
        method="By hand.",
        example=Example(cases=10, requests=10, tool_calls=1, models={"vendor/model": model}),
        process=Process(
            connections=4,
            ready_seconds=2,
            resident_mib=160,
            mib_per_request_in_flight=0.1,
            idle_statements_per_second=30,
            idle_database_share=0.005,
            idle_worker_share=0.01,
        ),
        disk=Disk(flush_seconds=0.001, contended_commits_per_second=500),
        run={"durable": Run(**(costs | run)), "off": Run(**(costs | {"forgotten": None}))},
    )


def cell(**values: Any) -> Cell:
    """A cell in which nothing takes time; keyword arguments say what does."""
    free: dict[str, Any] = {
        "rate": 10.0, "share": 1.0, "pods": 1, "pod_workers": 1, "in_flight": 10**9, "worker_seconds": 1e-9,
        "model_calls": 0.0, "tool_calls": 0.0, "tool_seconds": 1e-9, "database_servers": 1, "database_seconds": 1e-9,
        "flush_seconds": 0.0, "connections": 10**9,
    }  # fmt: skip
    return Cell(**(free | values))
