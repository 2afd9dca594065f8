"""Adopts drift: one branch whose commit makes git say what runs, and one pull request, kept until the drift is gone."""

import os
from typing import TYPE_CHECKING, Any

from mooring.change.wording import count
from mooring.commands.workspace import Workspace
from mooring.errors import MooringError
from mooring.operate.drift.difference import Difference
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.operate.drift.adoption import Adoption
    from mooring.operate.drift.observe import Report
    from mooring.operate.repository.github import GitHub


def branch_of(environment: str) -> str:
    return f"mooring/adopt-{environment}"


def adopt(workspace: Workspace, report: "Report", wanted: tuple[Difference, ...], console: Console) -> dict[str, Any]:
    """Proposes what runs to git; what was done, JSON-able. Refused(CONFLICTS) when somebody pushed to the branch.

    A host that cannot be reached is said, and changes nothing of the rest.
    """
    from mooring.operate.drift.adoption import adopt as adoption_of
    from mooring.operate.repository import branch

    made = adoption_of(workspace.root, report, wanted)
    for one, why in made.refused:
        console.note(f"{one.field} cannot be adopted: {why}")
    if not made.files:
        return {"branch": None, "refused": _refused(made), **withdraw(workspace, report.environment, console)}
    title, body = words(report, made)
    kept = branch.keep(
        workspace.root, branch_of(report.environment), report.git.commit, made.files, f"{title}\n\n{body}"
    )
    where = "pushed" if kept.pushed else "only here: there is no remote"
    done = "holds" if kept.changed else "holds already"
    console.line(f"git: branch {kept.branch} ({where}) {done} {count(len(made.files), 'document')} as they run")
    told = _pull_request(kept.branch, title, body, console) if kept.pushed else {"pull_request": None}
    told |= {"branch": kept.branch, "commit": kept.commit, "files": sorted(made.files)}
    return {**told, "refused": _refused(made)}


def withdraw(workspace: Workspace, environment: str, console: Console) -> dict[str, Any]:
    """Closes the pull request, and deletes the branch, when there is nothing to adopt any more."""
    from mooring.operate.repository import branch

    closed = None
    if (github := _host()) is not None:
        from mooring.operate.repository import pulls

        try:
            closed = pulls.close(github, branch_of(environment), f"{environment} runs what git says again.")
        except MooringError as error:
            console.note(f"the pull request could not be closed: {error}")
            return {"pull_request": None, "unreported": str(error)}
    if branch.drop(workspace.root, branch_of(environment)) or closed:
        console.line(f"there is nothing to adopt any more: {f'closed #{closed}' if closed else 'the branch is gone'}")
    return {"pull_request": None, "closed": closed}


def words(report: "Report", made: "Adoption") -> tuple[str, str]:
    """Title and text of the commit and of the pull request."""
    title = f"Adopt {count(len(made.adopted), 'value')} that {report.environment} runs"
    lines = [f"{report.environment} runs values that {report.git.ref} does not have:", ""]
    lines += [f"- {one.data()['text']} ({one.who})" for one in made.adopted]
    if made.shared:
        lines += ["", f"The same documents are used in {', '.join(sorted(made.shared))}."]
    for one, why in made.refused:
        lines += ["", f"Not adopted: {one.field}: {why}."]
    return title, "\n".join(lines)


def _refused(made: "Adoption") -> list[dict[str, str]]:
    return [{"field": one.field, "why": why} for one, why in made.refused]


def _pull_request(branch: str, title: str, body: str, console: Console) -> dict[str, Any]:
    github = _host()
    if github is None:
        console.note("no pull request: GITHUB_REPOSITORY and GH_TOKEN say where and as whom")
        return {"pull_request": None}
    from mooring.operate.repository import pulls

    try:
        number, said = pulls.keep(github, branch, title, body)
    except MooringError as error:
        console.note(f"the branch is there, the pull request could not be made: {error}")
        return {"pull_request": None, "unreported": str(error)}
    console.line(said)
    return {"pull_request": number}


def _host() -> "GitHub | None":
    from mooring.operate.repository.github import host

    return host(os.environ)
