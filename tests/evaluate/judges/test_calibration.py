"""Whether a judge may block: its agreement with people, and what is refused as a calibration set."""

import asyncio
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import FindingsError, UsageError
from mooring.evaluate.job import Seat
from mooring.evaluate.judges.calibration import Agreement, Calibration, agreement, kappa, read
from mooring.evaluate.judges.panel import Panel, Reach
from mooring.evaluate.schedule import Budget
from mooring.evaluate.simulated import Simulator
from mooring.evaluate.values import Evidence
from tests.repository import CONTENT

ROOT = Path(__file__).parents[3]
SUITE = "asked"
SET = """
    description: Tone, labelled by @a/b.
    assert: {type: llm-rubric, value: It is kind.}
    answers:
      - {input: Hello?, answer: Hello there., label: pass}
      - {input: Hello?, answer: Good morning., label: pass}
      - {input: Hello?, answer: Go away., label: fail}
      - {input: Hello?, answer: What now., label: fail}
"""


def written(folder: Path, text: str) -> Path:
    (folder / "tone.yaml").write_text(textwrap.dedent(text).lstrip(), encoding="utf-8")
    return folder


@pytest.fixture
def labelled(tmp_path: Path) -> Calibration:
    return read(written(tmp_path, SET), "tone")


def agreed(
    panel: Callable[..., Panel], labelled: Calibration, minimum: float = 0.6, money: Budget | None = None, **more: Any
) -> Agreement:
    async def ask() -> Agreement:
        async with panel(**more) as seated:
            return await agreement("judge", "tone", minimum, labelled, seated.ask(SUITE), money or Budget(None, 0))

    return asyncio.run(ask())


def rater(*kind: str) -> Callable[[str], str]:
    """Scores an answer by whether one of some words is in it."""

    def say(prompt: str) -> str:
        answer = prompt.split("Actual Output:")[1]
        return f'{{"score": {9 if any(word in answer for word in kind) else 1}, "reason": "x"}}'

    return say


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((20, 5, 10, 15), 0.4),  # the example of en.wikipedia.org/wiki/Cohen's_kappa
        ((45, 15, 25, 15), 0.1304),
        ((5, 0, 0, 5), 1.0),
        ((0, 5, 5, 0), -1.0),
        ((5, 0, 5, 0), 0.0),
    ],
)
def test_kappa_is_cohens(counts: tuple[int, int, int, int], expected: float) -> None:
    both, first, second, none = counts
    labels = [True] * (both + first) + [False] * (second + none)
    verdicts = [True] * both + [False] * first + [True] * second + [False] * none
    assert kappa(labels, verdicts) == pytest.approx(expected, abs=1e-4)


@pytest.mark.slow
def test_a_judge_that_agrees_with_people_may_block(panel: Any, endpoint: Any, labelled: Calibration) -> None:
    endpoint.say = rater("Hello", "Good")
    found = agreed(panel, labelled)
    assert (found.kappa, found.may_block) == (1.0, True)
    assert "kappa 1.00 (4 of 4 labels" in found.line
    assert "may block" in found.line


@pytest.mark.slow
def test_a_judge_that_does_not_reports_and_blocks_nothing(panel: Any, endpoint: Any, labelled: Calibration) -> None:
    endpoint.say = rater("Hello", "Good", "What")
    found = agreed(panel, labelled)
    assert (found.kappa, found.may_block, found.misses, found.alarms) == (0.5, False, 1, 0)
    assert "1 bad answers passed" in found.line
    assert "blocks nothing" in found.line
    assert agreed(panel, labelled, minimum=0.5).may_block


@pytest.mark.slow
def test_a_calibration_says_what_it_cost_and_stops_before_the_budget_is_spent(
    panel: Any, endpoint: Any, labelled: Calibration
) -> None:
    endpoint.say = rater("Hello", "Good")
    assert agreed(panel, labelled).cost_usd == pytest.approx(8e-6)
    endpoint.prompts.clear()
    found = agreed(panel, labelled, money=Budget(5e-6, expected=2e-6))
    assert found.cost_usd == pytest.approx(4e-6)
    assert len(endpoint.prompts) == 2
    assert "not done: the budget does not reach" in found.line


def test_a_judge_without_labels_reports_and_blocks_nothing() -> None:
    found = Agreement("judge", None, 0.6)
    assert not found.may_block
    assert "not calibrated" in found.line


@pytest.mark.slow
def test_a_dead_judge_is_not_excused_by_its_calibration(panel: Any, endpoint: Any, labelled: Calibration) -> None:
    endpoint.status = 500
    found = agreed(panel, labelled)
    assert found.kappa is None
    assert found.may_block, "its errors would be hidden, and the cases would pass without it"
    assert "not done" in found.line


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("type: llm-rubric, value: It is kind.", "type: contains, value: kind", 2, "asks no judge"),
        ("value: It is kind.", "value: 3", 2, "it must be a mapping"),
        ("label: fail", "label: pass", 3, "all labels are the same"),
        ("label: fail", "label: bad", 6, "'pass' or 'fail'"),
        ("answers:", "answrs:", 3, "Extra inputs"),
    ],
)
def test_a_set_that_says_nothing_is_refused_at_its_line(
    tmp_path: Path, old: str, new: str, line: int, told: str
) -> None:
    folder = written(tmp_path, SET.replace(old, new))
    with pytest.raises(FindingsError) as error:
        read(folder, "tone")
    found = [finding for finding in error.value.findings if told in finding.message]
    assert [finding.line for finding in found][:1] == [line], error.value.findings


def test_a_set_that_is_not_there_is_named_with_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'tone'"):
        read(written(tmp_path, SET), "tune")


@pytest.mark.slow
def test_the_simulated_judge_agrees_with_the_labels_of_the_repository(model: Any, tmp_path: Path) -> None:
    labelled = read(CONTENT / "evals/calibration", "tone")
    played: Evidence = "simulated"
    model = model.model_copy(update={"id": "claude-sonnet-4-5-20250929"})

    async def ask(url: str) -> Agreement:
        async with Panel({SUITE: Seat(model, 30, True)}, Reach(played, url, {})) as panel:
            return await agreement("judge", "tone", 0.6, labelled, panel.ask(SUITE), Budget(None, 0))

    with Simulator(CONTENT / "evals/simulator", tmp_path) as simulator:
        found = asyncio.run(ask(simulator.url))
    assert found.may_block, found.line
    assert found.good > 5
    assert found.bad > 5
