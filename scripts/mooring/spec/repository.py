"""Repository: how GitHub is to protect what is merged and what is deployed, for `moor doctor --github`."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from mooring.spec.document import Document, Name, Owner, Part

CheckName = Annotated[str, StringConstraints(pattern=r"^\S(.{0,98}\S)?$")]
BranchPattern = Annotated[str, StringConstraints(pattern=r"^[^\s~^:?\[\\]+$", max_length=200)]
ActionPattern = Annotated[str, StringConstraints(pattern=r"^[\w.*-]+/[\w.*/-]+(@[\w.*/-]+)?$", max_length=200)]
WorkflowName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+$", max_length=100)]
SecretName = Annotated[str, StringConstraints(pattern=r"^[A-Z_][A-Z0-9_]*$", max_length=100)]


class Merging(Part):
    """What a pull request into the default branch needs. Pushing to it, forced or not, and deleting it are refused,
    and nobody may bypass that."""

    checks: tuple[CheckName, ...] = Field(
        min_length=1, description="Jobs of GitHub Actions that must have passed, by the names that pull requests show."
    )
    up_to_date: bool = Field(default=False, description="They must have passed on top of the newest commit.")
    approvals: int = Field(default=1, ge=0, le=10)
    code_owners: bool = Field(default=True, description="An owner of each changed file must approve.")
    dismiss_stale: bool = Field(default=True, description="Approvals end with the next push.")
    approve_last_push: bool = Field(default=True, description="Somebody else than who pushed last must approve.")
    resolve_conversations: bool = True


class Deploying(Part):
    """What a job needs that names an environment of GitHub: it waits until that is given."""

    branches: tuple[BranchPattern, ...] = Field(
        min_length=1, description="Branches whose jobs may use the environment and its secrets."
    )
    reviewers: tuple[Owner, ...] = Field(
        default=(), max_length=6, description="Teams or users, one of whom approves each deployment."
    )
    self_review: bool = Field(default=False, description="Who started a deployment may approve it.")
    wait_minutes: int = Field(default=0, ge=0, le=43200)


class ActionsPolicy(Part):
    """What GitHub Actions runs, and what its own token may do."""

    allowed: Literal["all", "local", "selected"] = Field(
        default="selected", description="`local`: of this repository alone; `selected`: and what the next three name."
    )
    github_owned: bool = Field(default=True, description="Actions by GitHub itself.")
    verified: bool = Field(default=False, description="Actions by verified creators of the Marketplace.")
    patterns: tuple[ActionPattern, ...] = Field(default=(), description="Further ones, such as acme/sign@*.")
    pinned: bool = Field(default=True, description="Actions are refused that are not pinned to a full commit.")
    token: Literal["read", "write"] = Field(
        default="read", description="What a job may do that asks for no `permissions`."
    )
    create_pull_requests: bool = Field(
        default=True, description="Workflows may open pull requests: reverts and adopted drift."
    )
    fork_approval: Literal["new-to-github", "first-time", "everyone"] = Field(
        default="everyone",
        description="Of contributors from outside, those for whose pull requests somebody starts the workflows.",
    )
    switched_off: tuple[WorkflowName, ...] = Field(
        default=(), description="Workflows that are disabled on purpose, by file without `.yml`."
    )


class RepositorySecret(Part):
    """A secret of GitHub that workflows use. Its value is never read: GitHub does not show it."""

    name: SecretName
    environment: Name | None = Field(default=None, description="Whose secret it is; absent: the repository's.")
    reason: str = Field(min_length=1, description="What for, and where its value comes from.")


class Repository(Document):
    """The settings of the repository on GitHub. `moor doctor --github` compares them, and `--fix` sets them."""

    kind: Literal["Repository"]
    merging: Merging
    environments: dict[Name, Deploying] = Field(
        default_factory=dict, description="Environments of GitHub, by the names of Environment documents."
    )
    actions: ActionsPolicy = ActionsPolicy()
    secrets: tuple[RepositorySecret, ...] = ()
