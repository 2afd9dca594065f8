"""Evidence as policy: which suites must have been asked about a release, and whether what they found lets it out."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from mooring.errors import Refused
from mooring.evaluate.attestation import Asked, Attestation, Attestations
from mooring.evaluate.cases import cases, suite_digest
from mooring.evaluate.values import Evidence, Results
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.spec.suite import EvalSuite

if TYPE_CHECKING:
    from mooring.evaluate.gate.verdict import Verdict


def due(suites: Mapping[str, EvalSuite], agents: Iterable[str], evidence: Evidence) -> dict[str, EvalSuite]:
    """The suites that a release with these agents answers to: all of them, but nobody simulates a judge."""
    serving = set(agents)
    return {
        name: suite
        for name, suite in suites.items()
        if suite.agent in serving and not (evidence == "simulated" and suite.judge)
    }


def gaps(head: Results, suites: Mapping[str, EvalSuite]) -> list[str]:
    """Why results are not evidence about a release: what of the due suites was not asked, or not often enough."""
    asked = Counter((trial.suite, trial.case) for trial in head.trials)
    found = [] if head.complete else ["it is partial"]
    for name, suite in suites.items():
        times = suite.repeats if head.evidence == "live" else 1
        missing = [case.id for case in cases(suite) if asked[name, case.id] < times]
        if missing:
            how = f" {times} times" if times > 1 else ""
            found.append(f"{len(missing)} of {len(suite.tests)} cases of {name} were not asked{how}")
    return found or ([] if suites else ["no suite asks its agents"])


def attest(head: Results, base: str | None, verdict: "Verdict", before: Attestation | None) -> Attestation:
    """The attestation of a whole run. `before` is the one it replaces."""
    made = Attestation(
        release=head.release,
        environment=head.environment,
        evidence=head.weakest,
        outcome=verdict.outcome,
        verdict=_in_words(verdict),
        base=base,
        suites={name: _asked(name, head) for name in sorted(head.suites)},
        seed=head.seed,
        started=head.started,
    )
    again = before is not None and _digests(before) == _digests(made)
    return replace(made, attempt=before.attempt + 1) if before and again else made


def _in_words(verdict: "Verdict") -> str:
    reasons = [reason.text for reason in verdict.reasons if reason.outcome == verdict.outcome != "pass"]
    return "; ".join([*verdict.lines[:1], *reasons[:1]]) or verdict.outcome


def _asked(name: str, head: Results) -> Asked:
    found = [trial for trial in head.trials if trial.suite == name]
    ends = [trial.passed for trial in found]
    cases_ = len({trial.case for trial in found})
    return Asked(head.suites[name], cases_, ends.count(True), ends.count(False), ends.count(None))


def _digests(attestation: Attestation) -> dict[str, str]:
    return {name: asked.digest for name, asked in attestation.suites.items()}


def objection(found: Attestation, release: Release, suites: Mapping[str, EvalSuite]) -> str:
    """Why an attestation does not let the release out, or "". `suites` are all there are now."""
    environment = release.content.environment
    if found.release != release.digest:
        return f"it is about {found.release}, this is {release.digest}"
    if found.evidence not in environment.accepted_evidence:
        accepted = " or ".join(environment.accepted_evidence)
        return f"it is {found.evidence}, {environment.name} takes {accepted}"
    if found.outcome != "pass":
        return f"it says {found.verdict}"
    for name, suite in due(suites, release.content.agents, found.evidence).items():
        asked = found.suites.get(name)
        if asked is None or asked.cases < len(suite.tests):
            return f"not every case of suite {name} was asked"
        if asked.digest != suite_digest(suite):
            return f"suite {name} has changed since"
    return ""


def admit(
    release: Release, suites: Mapping[str, EvalSuite], store: Attestations, given: Attestation | None = None
) -> Attestation | None:
    """The attestation on which a release may go out; None where none is needed. Refused(NO_EVIDENCE), TAMPERED.

    `given` is one that was handed over: it has to hold, needed or not.
    """
    environment = release.content.environment
    fix = f"moor eval --environment {environment.name}"
    if "simulated" not in environment.accepted_evidence:
        fix += f" --evidence {environment.accepted_evidence[0]}"
    if given:
        if why := objection(given, release, suites):
            raise Refused(Reason.NO_EVIDENCE, f"the evidence that was given does not hold: {why}", fix)
        return given
    if not environment.needs_evidence:
        return None
    objections = []
    for kind in environment.accepted_evidence:
        found = store.get(release.digest, kind)
        why = objection(found, release, suites) if found else ""
        if found and not why:
            return found
        objections += [f"{kind} evidence: {why}"] if why else []
    accepted = " or ".join(environment.accepted_evidence)
    message = "; ".join(objections) or f"there is none about {release.digest} ({accepted})"
    raise Refused(Reason.NO_EVIDENCE, f"{environment.name} takes a release on evidence only: {message}", fix)
