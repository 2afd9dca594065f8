"""The slot, and what people build without one, in outages that take no time."""

import asyncio
import time

import pytest

from mooring.drill.live_through import live_through
from mooring.drill.measure import figures
from mooring.spec.drill import Question
from tests.drill.conftest import QUESTION, drill, job, lived

OUTAGE = drill(perMinute=3, incidents=[{"rung": "L0", "start": 0.25, "end": 0.75}])


def rungs(answers):
    return {answer.rung for answer in answers}


def during(found, start=0.26, end=0.75):
    return [answer for answer in found.answers if start * 3600 <= answer.at < end * 3600]


@pytest.mark.slow
def test_an_outage_of_the_first_vendor_is_answered_by_the_second_and_the_first_has_it_back():
    found = lived(OUTAGE)
    assert all(answer.good for answer in found.answers)
    outage, later = during(found), during(found, 0.9, 1.0)
    assert "L0" not in rungs(outage)
    # now and then a slow answer is overtaken by the next model
    assert [answer.rung for answer in outage].count("L1") > 0.9 * len(outage)
    assert [answer.rung for answer in later].count("L0") > 0.8 * len(later)


@pytest.mark.slow
def test_without_mooring_the_same_outage_is_felt_all_along():
    found = lived(OUTAGE, "supervised")
    assert not any(answer.good for answer in during(found))
    assert all(answer.good for answer in during(found, 0.0, 0.24))
    assert all(answer.good for answer in during(found, 0.76, 1.0))


@pytest.mark.slow
def test_a_chain_of_models_answers_and_asks_the_sick_one_with_every_question():
    found = during(lived(OUTAGE, "fallback"))
    assert all(answer.good for answer in found)
    assert min(answer.sick_calls for answer in found) >= 2
    assert sum(answer.sick_calls for answer in during(lived(OUTAGE))) < len(found)


@pytest.mark.slow
@pytest.mark.parametrize("arm", ["bare", "supervised", "fallback"])
def test_without_mooring_tools_are_called_too_as_long_as_nothing_fails(arm):
    question = Question(agent="support", say="Where is A-1002?", expect=r"A-1002\b.*\bshipped")
    calm, tools_down = drill(), drill(incidents=[{"service": "*", "start": 0, "end": 1}])
    found = live_through(job(calm, arm, None, 0, question)).answers
    assert all(answer.right and answer.calls == 2 and answer.rung == "L0" for answer in found)
    assert not any(answer.right for answer in live_through(job(tools_down, arm, None, 0, question)).answers)


@pytest.mark.slow
def test_the_same_seed_ends_the_same_and_another_one_does_not():
    asked = drill(perMinute=2, incidents=[{"rung": "L0", "start": 0.1, "end": 0.9, "severity": 0.4}])
    assert lived(asked) == lived(asked)
    assert lived(asked) != lived(asked, seed=1)


@pytest.mark.slow
def test_a_blip_of_a_vendor_that_is_well_is_answered_by_another_try():
    asked = drill(perMinute=3, blips=0.1)
    found, bare = lived(asked), lived(asked, "bare")
    assert all(answer.good for answer in found.answers)
    assert found.retried_well > 5
    assert 0.02 < sum(not answer.good for answer in bare.answers) / len(bare.answers) < 0.25
    assert not any(answer.sick for answer in found.answers)


def test_an_hour_of_silence_takes_no_hour():
    asked = drill(incidents=[{"rung": "L0", "start": 0.1, "end": 0.9, "mode": "hang"}])
    started = time.monotonic()
    found = lived(asked)
    assert time.monotonic() - started < 60
    assert rungs(during(found, 0.2, 0.9)) <= {"L1", "L2"}
    assert max(answer.seconds for answer in found.answers) > 3


@pytest.mark.slow
@pytest.mark.parametrize(
    "mode",
    ["down", "refused", "errors", "rate-limit", "hang", "auth", "empty", "malformed", "cut", "truncated", "unfinished"],
)
@pytest.mark.parametrize("stream", [False, True])
def test_however_the_first_vendor_fails_there_is_an_answer(mode, stream):
    asked = drill(hours=0.5, perMinute=1, incidents=[{"rung": "L0", "start": 0, "end": 0.5, "mode": mode}])
    question = Question(**QUESTION.model_dump() | {"stream": stream})
    found = live_through(job(asked, "head", None, 0, question))
    assert len(found.answers) > 15
    if mode == "truncated":  # an answer that was cut for its length is one
        assert rungs(found.answers) == {"L0"}
        return
    assert [answer for answer in found.answers if not answer.useful] == []
    whole = mode == "unfinished" and not stream  # nothing of it is missing
    assert ("L1" in rungs(found.answers)) is not whole


def test_a_wrong_answer_is_told_from_a_right_one():
    asked = drill(hours=0.5, incidents=[{"rung": "L0", "start": 0, "end": 0.5, "mode": "wrong"}])
    assert not any(answer.right for answer in lived(asked).answers)


@pytest.mark.slow
def test_a_tool_that_is_down_is_met_by_questions_that_need_it_alone():
    needs = Question(agent="support", say="Where is order A-1001?", expect=r"(?i)on its way|transit|delivered|shipped")
    asked = drill(hours=0.5, perMinute=1, incidents=[{"service": "*", "start": 0, "end": 0.5}])
    without = live_through(job(asked, "head", None, 0, QUESTION))
    assert all(answer.good for answer in without.answers)
    assert not any(answer.right for answer in live_through(job(asked, "head", None, 0, needs)).answers)
    well = live_through(job(drill(hours=0.2), "head", None, 0, needs))
    assert all(answer.good for answer in well.answers)


@pytest.mark.slow
def test_virtual_and_real_time_give_the_same_figures_within_their_intervals():
    asked = drill(hours=20 / 3600, perMinute=180, incidents=[{"rung": "L0", "start": 6 / 3600, "end": 12 / 3600}])
    virtual = live_through(job(asked))
    real = live_through(job(asked), asyncio.new_event_loop)
    (ours,), (theirs,) = ([figures([each], [job(asked).outages])] for each in (virtual, real))
    assert len(virtual.answers) == len(real.answers) > 30
    assert ours.availability.low <= theirs.availability.value <= ours.availability.high
    assert ours.degraded.low <= theirs.degraded.value <= ours.degraded.high
    assert theirs.mean_seconds == pytest.approx(ours.mean_seconds, rel=0.25)
