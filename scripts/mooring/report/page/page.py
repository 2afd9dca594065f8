"""Renders the status of one environment as a page that updates itself."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mooring.change.wording import visible
from mooring.report import webpage
from mooring.report.page import records, sections
from mooring.report.page.cells import Section
from mooring.report.page.goals import goals
from mooring.report.page.judgement import judge
from mooring.report.page.sentence import TONES, because, headline, simulated, subject
from mooring.report.page.words import LANGUAGES, unix, words
from mooring.timestamps import iso

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATE = Path(__file__).with_name("page.html")


def page(data: Mapping[str, Any], language: str) -> str:
    """The whole page of an environment, by the data of its status and in a language such as `en` or `zh-CN`.

    `data["at"]` says when the data were collected (Unix time): times are told from there. Everything is escaped.
    """
    at = unix(data.get("at"))
    w = words(language, at)
    judgement = judge(data)
    return _template().render(
        w=w,
        csp=_policy(),
        environment=data["environment"],
        state=judgement.state,
        tone=TONES[judgement.state],
        headline=headline(w, judgement, data["environment"]),
        subject=subject(w, judgement, data),
        reasons=[because(w, reason) for reason in judgement.reasons],
        simulated=simulated(w, data),
        at=at,
        iso=iso(at) if at is not None else "",
        languages=[(tag, texts["language"]) for tag, texts in LANGUAGES.items()],
        slots=sections.slots(data, w),
        goals=goals(data, w),
        no_goals=w("objectives.untold" if data.get("objectives") is None else "objectives.none"),
        now=records.now(data, w),
        parts=[
            *_beside(sections.rungs(data, w), sections.patrol(data, w)),
            records.deployments(data, w),
            records.drift(data, w),
            records.copies(data, w),
            records.proofs(data, w),
            *_last(records.jobs(data, w), records.notes(data, w)),
        ],
    )


def _beside(rungs: Section, patrol: Section) -> tuple[Section, ...]:
    """Two tables side by side; one that is alone takes the whole width."""
    both = rungs.table and patrol.table
    return (rungs, patrol) if both else (replace(rungs, wide=True), replace(patrol, wide=True))


def _last(jobs: Section, notes: Section) -> tuple[Section, ...]:
    """Side by side, or the one alone in its row."""
    return (jobs, notes) if notes.remarks else (replace(jobs, wide=True),)


@lru_cache(maxsize=1)
def _template() -> "Template":
    return webpage.template(webpage.source(TEMPLATE), {"plain": plain})


@lru_cache(maxsize=1)
def _policy() -> str:
    """Beside its own script and style: the page fetches itself again, and its icon is in its address."""
    return webpage.policy(webpage.source(TEMPLATE), "connect-src 'self'", "img-src data:")


def plain(text: object) -> str:
    """Text on one line, whose invisible characters are written as escapes."""
    return "".join(map(visible, " ".join(str(text).split())))
