"""The repository on GitHub: its settings, runners, schedules, secrets and owners."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import httpx2

from mooring.errors import Failed
from mooring.operate.doctor.diagnosis import Check, Diagnosis, or_ok
from mooring.operate.doctor.workflows import SELF_HOSTED, Workflow, labels, period
from mooring.operate.repository.settings.all import Looked
from mooring.operate.repository.settings.asking import Asking, listed, part, said
from mooring.spec import Repository

SETTINGS_FIX = "moor doctor --github --fix"
SETTINGS_WHY = "it protects less, or something else, than was agreed on"
LATE_PERIODS = 2
GRACE_SECONDS = 3600.0
"""How late GitHub's schedules are on a busy day."""

ACTIONS_READ = "Actions: read"
SECRETS_READ, ENVIRONMENTS_READ = "Secrets: read", "Environments: read"


@dataclass(frozen=True)
class Hub:
    """What is looked at. `referred` are variables that documents refer to; `now` is Unix time."""

    asking: Asking
    document: Repository
    workflows: list[Workflow]
    referred: frozenset[str]
    now: float


def diagnoses(hub: Hub) -> Iterator[Diagnosis]:
    """All but the settings themselves; each part on its own, so that one missing permission hides no other part."""
    yield from checks(hub)
    parts = (("runner", _runners), ("schedule", _schedules), ("secret", _secrets), ("owner", _owners))
    for area, look in parts:
        try:
            yield from list(look(hub))
        except Failed as error:
            yield Diagnosis(area, f"{area}s", "unknown", str(error), "", error.fix)  # type: ignore[arg-type]


def settings(looked: list[Looked]) -> Iterator[Diagnosis]:
    """One diagnosis for each difference; one for each setting that is as it should be."""
    for one in looked:
        check = Check("settings", one.setting.title)
        for difference in one.differences:
            yield check.finding(difference.text, SETTINGS_WHY, SETTINGS_FIX)
        if one.unknown:
            yield check.unknown(f"{one.setting.title}: {one.unknown}", one.fix)
        elif not one.differences:
            yield check.ok(f"{one.setting.title}: as the document says")


def checks(hub: Hub) -> Iterator[Diagnosis]:
    """A required check that no workflow reports would be waited for for ever."""
    check = Check("settings", "required checks")
    reported = {name for workflow in hub.workflows for name in workflow.checks}
    missing = [name for name in hub.document.merging.checks if name not in reported]
    found = (
        check.finding(
            f"no workflow reports {name!r} in every pull request",
            "pull requests wait for it for ever",
            f"correct `merging.checks`; there are {', '.join(sorted(reported)) or 'none'}",
        )
        for name in missing
    )
    yield from or_ok(found, check, f"{', '.join(hub.document.merging.checks)} run in every pull request")


def _runners(hub: Hub) -> Iterator[Diagnosis]:
    wanted = labels(hub.workflows, hub.document.environments)
    runners = hub.asking.ask(lambda client: listed(client, "/actions/runners", "runners"))
    online: dict[str, set[str]] = {}
    offline: dict[str, set[str]] = {}
    for runner in runners:
        has = {str(label["name"]).lower() for label in runner["labels"]}
        (online if runner["status"] == "online" else offline)[str(runner["name"])] = has
    for asked, users in sorted(wanted.items(), key=lambda one: sorted(one[0])):
        named = ", ".join(sorted(asked - {SELF_HOSTED}))
        check = Check("runner", named)
        serving = sorted(name for name, has in online.items() if asked <= has)
        sleeping = sorted(name for name, has in offline.items() if asked <= has)
        why = f"jobs of {', '.join(users[:3])}{' and others' * (len(users) > 3)} wait for one"
        if serving:
            yield check.ok(f"{named}: {', '.join(serving)} online")
        elif sleeping:
            fix = "start its service on its machine: sudo ./svc.sh start"
            yield check.finding(f"{named}: {', '.join(sleeping)} offline", why, fix)
        else:
            fix = f"add a runner with the labels {', '.join(sorted(asked))}: Settings → Actions → Runners"
            yield check.finding(f"no runner is labelled {named}", why, fix)


def _schedules(hub: Hub) -> Iterator[Diagnosis]:
    scheduled = [workflow for workflow in hub.workflows if workflow.crons]
    known = hub.asking.ask(lambda client: listed(client, "/actions/workflows", "workflows", ACTIONS_READ))
    by_file = {Path(one["path"]).name: one for one in known}
    for workflow in scheduled:
        check, there = Check("schedule", workflow.name), by_file.get(workflow.file)
        if there is None:
            fix = f"merge .github/workflows/{workflow.file} into the default branch"
            yield check.finding(f"{workflow.name}: GitHub has no such workflow", "it never runs", fix)
        elif there["state"] != "active":
            yield _disabled(hub, workflow, check, str(there["state"]))
        else:
            yield _last_run(hub, workflow, check, str(there["created_at"]))


def _disabled(hub: Hub, workflow: Workflow, check: Check, state: str) -> Diagnosis:
    """GitHub disables schedules after 60 days without a commit, and in forks."""
    if state == "disabled_manually" and workflow.name in hub.document.actions.switched_off:
        return check.ok(f"{workflow.name}: disabled, as the document says")
    by = {"disabled_inactivity": "GitHub, after 60 days without activity", "disabled_fork": "GitHub, as this is a fork"}
    fix = f"gh workflow enable {workflow.file}"
    if state == "disabled_manually":
        fix += f"; or add {workflow.name} to `actions.switchedOff`"
    return check.finding(f"{workflow.name}: disabled by {by.get(state, 'somebody')}", "its schedule never runs", fix)


def _last_run(hub: Hub, workflow: Workflow, check: Check, created: str) -> Diagnosis:
    path = f"/actions/workflows/{part(workflow.file)}/runs"
    query: dict[str, str | int] = {"event": "schedule", "per_page": 1}
    runs = hub.asking.ask(lambda client: said(client.get(path, params=query), ACTIONS_READ))["workflow_runs"]
    every = min(period(cron) for cron in workflow.crons)
    last = _time(str(runs[0]["created_at"]) if runs else created)
    if hub.now - last > LATE_PERIODS * every + GRACE_SECONDS:
        what = f"last ran {_ago(hub.now - last)} ago" if runs else "never ran"
        why, fix = "what it looks for goes unnoticed", f"gh workflow run {workflow.file}, and look at its runs"
        return check.finding(f"{workflow.name}: {what} on its schedule", why, fix)
    if not runs:
        return check.ok(f"{workflow.name}: its time has not come yet")
    conclusion = str(runs[0].get("conclusion") or "under way")
    if conclusion in ("success", "under way"):
        return check.ok(f"{workflow.name}: {conclusion}, {_ago(hub.now - last)} ago")
    why, fix = "what it is for was not done", f"gh run view {int(runs[0]['id'])} --log-failed"
    return check.finding(f"{workflow.name}: {conclusion}, {_ago(hub.now - last)} ago", why, fix)


def _secrets(hub: Hub) -> Iterator[Diagnosis]:
    """By name: those that the document lists, and those that a workflow gives to what a document refers to."""
    used = {name: workflow.name for workflow in hub.workflows for name in sorted(workflow.secrets)}
    wanted = {(one.name, one.environment) for one in hub.document.secrets}
    listed_names = {name for name, _ in wanted}
    wanted |= {(name, None) for name in used if name in hub.referred and name not in listed_names}
    if not wanted:
        yield Check("secret", "secrets").ok("no workflow needs a secret")
        return
    shared = hub.asking.ask(_repository_secrets)
    for name, environment in sorted(wanted, key=str):
        where = f"environment {environment!r}" if environment else "the repository"
        there = shared
        if environment:
            there = hub.asking.ask(partial(_names, f"/environments/{part(environment)}/secrets", ENVIRONMENTS_READ))
        check = Check("secret", name)
        if name in there:
            yield check.ok(f"{name} is a secret of {where}")
        else:
            why = f"{used[name]} needs it" if name in used else "the document says that it is needed"
            option = f" --env {environment}" if environment else ""
            yield check.finding(f"{where} has no secret {name}", why, f"gh secret set {name}{option}")


def _repository_secrets(client: httpx2.Client) -> set[str]:
    """Those of the repository, and those of its organization that it may use."""
    own = _names("/actions/secrets", SECRETS_READ, client)
    return own | _names("/actions/organization-secrets", SECRETS_READ, client)


def _names(path: str, permission: str, client: httpx2.Client) -> set[str]:
    return {str(one["name"]) for one in listed(client, path, "secrets", permission)}


def _owners(hub: Hub) -> Iterator[Diagnosis]:
    check = Check("owner", "CODEOWNERS")
    answered = hub.asking.ask(lambda client: said(client.get("/codeowners/errors"), "Contents: read"))
    found = (
        check.finding(
            f"{error['path']}:{int(error['line'])}: {error['kind']}: {str(error.get('source') or '').strip()[:120]}",
            "GitHub passes over that line, so its files have no owner",
            "name teams and users who may write to the repository, then: moor schema --write",
        )
        for error in answered["errors"]
    )
    yield from or_ok(found, check, "GitHub knows every owner in CODEOWNERS")


def _time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _ago(seconds: float) -> str:
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            number = int(seconds // length)
            return f"{number} {unit}{'s' * (number != 1)}"
    return "a moment"
