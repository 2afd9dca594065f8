"""Which class of evidence a run can give, and the release as it is asked for it."""

from collections.abc import Mapping

from mooring.errors import Refused, UsageError
from mooring.evaluate.values import Evidence
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.spec.endpoints import REAL, SIMULATED
from mooring.spec.model import missing_keys


def choose(release: Release, asked: Evidence | None, record: bool, environ: Mapping[str, str]) -> Evidence:
    """What was asked for; else `simulated` where all endpoints are, `live` where keys are there, `recorded` where not.

    Recording asks real endpoints. Where endpoints are by provider, only those that are real need their keys.
    UsageError when it cannot go together, Refused(NOT_READY) when keys are missing.
    """
    missing = missing_keys(as_asked(release, "live").content.real_models, environ)
    if record:
        if asked not in (None, "live"):
            raise UsageError(f"--record asks the models themselves; it does not go with --evidence {asked}")
        asked = "live"
    if asked == "live" and missing:
        fix = f"set {'it' if len(missing) == 1 else 'them'}{'' if record else ', or --evidence recorded'}"
        raise Refused(Reason.NOT_READY, f"live evidence needs {' and '.join(missing)}", fix)
    if asked:
        return asked
    if not release.content.environment.calls_providers:
        return "simulated"
    return "recorded" if missing else "live"


def as_asked(release: Release, evidence: Evidence) -> Release:
    """The release with the endpoints of its evidence. Tools are always called at simulated services, so that an
    evaluation has no effect in the world.

    Live evidence is by all providers themselves; where some are real and some simulated, each is as the environment
    has it, since a key of the others need not be there."""
    environment = release.content.environment
    mixed = environment.calls_providers and environment.calls_simulator
    asked = environment.endpoints if mixed and evidence == "live" else REAL
    changes = {
        "endpoints": SIMULATED if evidence == "simulated" else asked,
        "services": dict.fromkeys(environment.services, SIMULATED),
    }
    return Release.of(release.content.model_copy(update={"environment": environment.model_copy(update=changes)}))
