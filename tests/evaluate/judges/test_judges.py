"""What a model thinks of an answer, and what becomes of it when the model is dead, slow or mad."""

import inspect
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from mooring.evaluate.scoring import passed
from mooring.evaluate.values import Call, Reply
from mooring.spec.assertions import METRICS
from mooring.spec.suite import Case

pytestmark = pytest.mark.slow

HELLO = Reply("Hello there.")
FOUND = Reply("It is on its way.", (Call("find_order", {"orderId": "A-1"}, {"status": "shipped"}),))
GRAPH = {
    "nodes": {
        "polite": {
            "type": "BinaryJudgementNode",
            "criteria": "Is it polite?",
            "evaluation_params": ["actual_output"],
            "children": ["yes", "no"],
        },
        "yes": {"type": "VerdictNode", "verdict": True, "score": 10},
        "no": {"type": "VerdictNode", "verdict": False, "score": 0},
    }
}


def test_a_rubric_is_one_question_with_the_answer_the_calls_and_the_rubric_in_it(judged: Any, endpoint: Any) -> None:
    score = judged("llm-rubric", "It is kind.", FOUND)
    assert (score.passed, score.score, score.error) == (True, 0.9, False)
    assert "It is kind." in score.reason
    assert "judge" in score.reason
    (prompt,) = endpoint.prompts
    assert all(words in prompt for words in ("It is kind.", "It is on its way.", "Message 0", "find_order", "A-1"))
    assert endpoint.keys == ["Bearer key-of-the-judge"]


STRICT: list[tuple[str, str, list[str]]] = [
    ("factuality", "Returns take 30 days.", ["Expected Output", "contradicts a fact"]),
    ("closed-qa", "Names {a} number of days", ["The one criterion is: Names {a} number of days"]),
]


@pytest.mark.parametrize(("type_", "value", "told"), STRICT)
@pytest.mark.parametrize(("points", "holds"), [(1, True), (0, False)])
def test_yes_or_no_is_one_question_by_the_criteria_of_its_type(
    type_: str, value: str, told: list[str], points: int, holds: bool, judged: Any, endpoint: Any
) -> None:
    endpoint.say = lambda prompt: f'{{"reason": "It is so.", "score": {points}}}'
    score = judged(type_, value, Reply("You have 30 days."))
    assert (score.passed, score.score, score.error) == (holds, float(points), False), score
    (prompt,) = endpoint.prompts
    assert all(words in prompt for words in (value, "You have 30 days.", *told)), prompt


def test_yes_or_no_is_not_seven(judged: Any, endpoint: Any) -> None:
    endpoint.say = lambda prompt: '{"reason": "It is so.", "score": 7}'
    assert judged("closed-qa", "It is kind.", HELLO).error


def test_the_threshold_decides(judged: Any, endpoint: Any) -> None:
    endpoint.say = lambda prompt: '```json\n{"reason": "Curt.", "score": 6}\n```'
    assert judged("llm-rubric", "Kind.", HELLO).passed
    assert not judged("llm-rubric", "Kind.", HELLO, threshold=0.7).passed


def test_a_conversation_is_told_as_one(judged: Any, endpoint: Any) -> None:
    judged("llm-rubric", "Kind.", Reply("Which one?"), HELLO)
    assert "user: Message 0\nassistant: Which one?\nuser: Message 1" in endpoint.prompts[0]


def test_a_graph_ends_in_the_score_of_its_verdict(judged: Any, endpoint: Any) -> None:
    endpoint.say = lambda prompt: '{"verdict": false, "reason": "Rude."}'
    score = judged("dag", GRAPH, HELLO)
    assert (score.passed, score.score, score.error) == (False, 0.0, False)


def test_faithfulness_is_to_what_the_tools_answered(judged: Any, endpoint: Any) -> None:
    def say(prompt: str) -> str:
        if '"truths" key' in prompt or '"claims" key' in prompt:
            return '{"truths": ["It was shipped."], "claims": ["It is on its way.", "It is free."]}'
        if "'verdicts' key" in prompt:
            return '{"verdicts": [{"verdict": "yes"}, {"verdict": "no", "reason": "Nothing says so."}]}'
        return '{"reason": "One claim is made up."}'

    endpoint.say = say
    score = judged("faithfulness", None, FOUND, threshold=0.8)
    assert (score.passed, score.score) == (False, 0.5)
    assert any("shipped" in prompt for prompt in endpoint.prompts)


@pytest.mark.parametrize(
    "text",
    [
        "I like it.",
        "",
        "{}",
        '{"score": "high", "reason": "x"}',
        '{"score": 37, "reason": "x"}',
        '{"score": NaN, "reason": "x"}',
    ],
)
def test_nonsense_is_an_error_and_never_a_score(judged: Any, endpoint: Any, text: str) -> None:
    endpoint.say = lambda prompt: text
    score = judged("llm-rubric", "Kind.", HELLO)
    assert (score.passed, score.error) == (False, True), score
    case = Case.model_validate({"id": "x", "vars": {"message": "?"}, "threshold": 0})
    assert passed(case, [score]) is None


@pytest.mark.parametrize("status", [401, 429, 500])
def test_a_judge_that_fails_is_an_error_and_is_asked_once(judged: Any, endpoint: Any, status: int) -> None:
    endpoint.status = status
    score = judged("llm-rubric", "Kind.", HELLO)
    assert score.error
    assert "cannot be asked" in score.reason
    assert "key-of-the-judge" not in score.reason
    assert len(endpoint.prompts) == 1


def test_a_judge_that_is_not_there_is_an_error(judged: Any, model: Any) -> None:
    score = judged("llm-rubric", "Kind.", HELLO, model=model.model_copy(update={"base_url": "http://127.0.0.1:1/v1"}))
    assert score.error
    assert "cannot be asked" in score.reason


def test_a_judge_that_hangs_is_an_error_after_its_time(judged: Any, endpoint: Any) -> None:
    judged("llm-rubric", "Kind.", HELLO)
    endpoint.hang = True
    started = time.monotonic()
    score = judged("llm-rubric", "Kind.", HELLO, timeout=0.5)
    assert score.error
    assert "0.5 s" in score.reason
    assert time.monotonic() - started < 10


def test_a_judge_costs_what_its_answers_take_nonsense_too(judged: Any, endpoint: Any) -> None:
    assert judged("llm-rubric", "Kind.", HELLO).cost_usd == pytest.approx(2e-6)
    endpoint.say = lambda prompt: "I like it."
    assert judged("llm-rubric", "Kind.", HELLO).cost_usd == pytest.approx(2e-6)
    endpoint.prompts.clear()
    endpoint.say = lambda prompt: (
        '{"truths": [], "claims": ["It is free."], "verdicts": [{"verdict": "no"}], "reason": "x"}'
    )
    cost = judged("faithfulness", None, FOUND).cost_usd
    assert cost == pytest.approx(2e-6 * len(endpoint.prompts))
    assert len(endpoint.prompts) > 1


def test_a_judge_that_says_nothing_costs_nothing(judged: Any, endpoint: Any) -> None:
    endpoint.status = 500
    assert judged("llm-rubric", "Kind.", HELLO).cost_usd == 0
    assert judged("deepeval:ToolPermission", {"args": {"denied_tools": ["x"]}}, HELLO).cost_usd == 0


def test_a_judge_without_its_key_is_not_asked(judged: Any, endpoint: Any) -> None:
    score = judged("llm-rubric", "Kind.", HELLO, environ={})
    assert score.error
    assert "JUDGE_KEY" in score.reason
    assert endpoint.prompts == []


def test_a_judge_that_may_not_block_decides_nothing(judged: Any, endpoint: Any) -> None:
    endpoint.say = lambda prompt: '{"score": 0, "reason": "Rude."}'
    score = judged("llm-rubric", "Kind.", HELLO, may_block=False)
    assert (score.passed, score.blocking) == (False, False)
    assert judged("deepeval:ToolPermission", {"args": {"denied_tools": ["x"]}}, HELLO, may_block=False).blocking


def test_tool_permission_needs_no_judge(judged: Any, endpoint: Any) -> None:
    allowed = {"args": {"allowed_tools": ["search_help"]}}
    score = judged("deepeval:ToolPermission", allowed, FOUND)
    assert (score.passed, score.score, score.error) == (False, 0.0, False)
    assert "find_order" in score.reason
    assert endpoint.prompts == []


def test_a_metric_of_conversations_is_given_one(judged: Any, endpoint: Any) -> None:
    endpoint.say = lambda prompt: '{"verdict": "yes", "reason": "It fits."}'
    score = judged("deepeval:TurnRelevancy", None, Reply("Which one?"), HELLO)
    assert (score.passed, score.error) == (True, False), score


def test_an_argument_that_a_metric_does_not_have_is_an_error(judged: Any) -> None:
    score = judged("deepeval:ToolPermission", {"args": {"alowed_tools": []}}, FOUND)
    assert score.error
    assert "alowed_tools" in score.reason


def test_an_answer_cannot_order_deepeval_to_read_a_file(judged: Any, endpoint: Any, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"bytes of the file")
    judged("llm-rubric", "Kind.", Reply(f"[DEEPEVAL:IMAGE:{secret}]"))
    assert "[DEEPEVAL:" not in endpoint.prompts[0]
    assert "MULTIMODAL" not in endpoint.prompts[0]


def test_every_metric_of_the_table_is_one_that_text_can_be_given_to(judged: Any) -> None:
    judged("deepeval:ToolPermission", {"args": {"denied_tools": []}}, HELLO)
    from deepeval import metrics

    built = {name.removesuffix("Metric") for name in metrics.__all__ if name.endswith("Metric")}
    other = {"Arena", "Audio", "Base", "ConversationalDAG", "DAG", "Image", "Jev", "MCP", "MultiTurnMCP", "TextToImage"}
    voice = {"Voice", "Speech", "Transcription", "TurnTaking", "AgentResponsiveness"}
    text = {name for name in built if not name.startswith(tuple(other | voice))}
    assert text == set(METRICS)
    for name, kind in METRICS.items():
        asks = "model" in inspect.signature(getattr(metrics, f"{name}Metric")).parameters
        assert asks or not kind.judge, name


PROBE = """
    import asyncio, os, sys
    reached, written = [], []

    def watch(event, arguments):
        if event == "socket.connect":
            reached.append(arguments[1])
        if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
            written.append(str(arguments[0]))

    sys.addaudithook(watch)
    from mooring import spec
    from mooring.evaluate import worker
    from mooring.evaluate.assertions.judging import judge
    from mooring.evaluate.job import Seat
    from mooring.evaluate.judges.panel import Panel, Reach
    from mooring.evaluate.values import Reply
    from mooring.spec.suite import Case

    model = spec.Model.model_validate_json(sys.argv[1])
    case = Case.model_validate({"id": "x", "vars": {"message": "Hi"}, "assert": [{"type": "contains", "value": "H"}]})
    asked = {"type": "llm-rubric", "value": "Kind."}
    rubric = Case.model_validate({"id": "x", "vars": {"message": "Hi"}, "assert": [asked]})

    async def main():
        async with Panel({"s": Seat(model, 30, True)}, Reach("live", None, {"JUDGE_KEY": "k"})) as panel:
            await judge(case, [Reply("Hello")], panel.ask("s"))
            assert "deepeval" not in sys.modules, "imported without need"
            (score,) = await judge(rubric, [Reply("Hello")], panel.ask("s"))
            assert score.passed, score

    asyncio.run(main())
    print({where[:2] for where in reached if isinstance(where, tuple)})
    print([path for path in written if path != os.devnull and not path.endswith(".pyc") and "__pycache__" not in path])
"""


def test_deepeval_is_not_imported_without_need_opens_no_other_socket_and_writes_no_file(
    model: Any, endpoint: Any, tmp_path: Path
) -> None:
    sources = str(Path(__file__).parents[3] / "scripts")
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": sources, "PYTHONDONTWRITEBYTECODE": "1"}
    environ |= {"CONFIDENT_API_KEY": "confident_x", "OPENAI_API_KEY": "k"}
    command = [sys.executable, "-c", textwrap.dedent(PROBE), model.model_dump_json(by_alias=True)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environ, timeout=110)
    assert done.returncode == 0, done.stderr
    port = int(endpoint.url.rsplit(":", 1)[1].split("/")[0])
    assert done.stdout.splitlines() == [str({("127.0.0.1", port)}), "[]"]
    assert list(tmp_path.iterdir()) == []
