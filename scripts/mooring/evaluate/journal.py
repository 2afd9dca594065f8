"""Results as they come, one JSON line each: what was asked is kept whatever ends the run."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mooring.errors import Failed, Refused
from mooring.evaluate.values import Evidence, Results, Trial
from mooring.outcome import Reason

FORMAT = "mooring.trials/v1"


@dataclass(frozen=True)
class Head:
    """What all trials of a run have in common: Results without them."""

    release: str
    environment: str
    evidence: Evidence
    seed: int
    started: str
    suites: Mapping[str, str]


class Journal:
    """Writes a run's lines. Every line is on its way to the disk when `add` returns; only `end` makes it complete."""

    def __init__(self, path: Path, head: Head) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("w", encoding="utf-8", buffering=1)
        except OSError as error:
            raise Failed(Reason.STORAGE, f"cannot write {path}: {error.strerror}") from None
        self._line({"format": FORMAT, **vars(head)})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, trial: Trial, prompt: str | None = None) -> None:
        """One more trial, with the rendered prompt of its case when this is the first."""
        self._line({"trial": trial} | ({} if prompt is None else {"prompt": prompt}))

    def end(self, complete: bool) -> None:
        """Says that nothing follows; a run that was cut off never says so."""
        self._line({"complete": complete})

    def _line(self, value: Mapping[str, Any]) -> None:
        try:
            self._file.write(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=vars) + "\n")
        except OSError as error:
            raise Failed(Reason.STORAGE, f"cannot write {self.path}: {error.strerror}") from None


def read(path: Path) -> Results:
    """The results in a journal; not complete when its end is missing or says so. Refused(TAMPERED) for another file.

    A last line that was being written when the process died is left out.
    """
    trials: list[Trial] = []
    prompts: dict[str, str] = {}
    complete = False
    with path.open(encoding="utf-8") as file:
        head = _parsed(next(file, ""), path)
        if head.pop("format", None) != FORMAT:
            raise Refused(Reason.TAMPERED, f"{path} holds no results of an evaluation")
        for line in file:
            if not line.endswith("\n"):
                break
            value = _parsed(line, path)
            if "trial" in value:
                trial = Trial.from_data(value["trial"])
                trials.append(trial)
                if "prompt" in value:
                    prompts[f"{trial.suite}/{trial.case}"] = value["prompt"]
            complete = value.get("complete", False)
    return Results(**head, complete=complete, trials=tuple(trials), prompts=prompts)


def _parsed(line: str, path: Path) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise Refused(Reason.TAMPERED, f"{path} is damaged: {error}") from None
    if not isinstance(value, dict):
        raise Refused(Reason.TAMPERED, f"{path} is damaged")
    return value
