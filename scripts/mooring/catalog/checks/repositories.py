"""The settings of the repository: one document, about environments that there are, that protects production."""

from mooring.catalog.catalog import Catalog
from mooring.catalog.checks.remark import Remark, Remarks, repeated
from mooring.catalog.nearest import suggestion
from mooring.spec import Environment, Repository


def one(catalog: Catalog) -> Remarks:
    first, *others = sorted(catalog.all(Repository)) or [""]
    for name in others:
        message = f"{first!r} says already how the repository is set"
        yield Remark(catalog.of(Repository)[name], "name", message)


def environment(catalog: Catalog) -> Remarks:
    known = catalog.all(Environment)
    for name, repository in catalog.all(Repository).items():
        named = [(f"environments.{where}", where) for where in repository.environments]
        named += [
            (f"secrets.{index}.environment", secret.environment)
            for index, secret in enumerate(repository.secrets)
            if secret.environment
        ]
        for path, where in named:
            if where not in known and ("Environment", where) not in catalog.broken:
                message = f"there is no environment {where!r}{suggestion(where, known)}"
                yield Remark(catalog.of(Repository)[name], path, message)


def reviewers(catalog: Catalog) -> Remarks:
    """What no entry names is an environment of GitHub that any branch's jobs may use."""
    for name, repository in catalog.all(Repository).items():
        for where, document in catalog.all(Environment).items():
            if document.tier != "production":
                continue
            entry, protected = catalog.of(Repository)[name], repository.environments.get(where)
            if protected is None:
                yield Remark(entry, "environments", f"{where} is production, and not protected")
            elif not protected.reviewers:
                yield Remark(entry, f"environments.{where}", f"{where} is production, and nobody approves deployments")


def twice(catalog: Catalog) -> Remarks:
    for name, repository in catalog.all(Repository).items():
        secrets = [f"{secret.name} of {secret.environment or 'the repository'}" for secret in repository.secrets]
        lists = {"merging.checks": repository.merging.checks, "secrets": secrets}
        for where, protected in repository.environments.items():
            lists |= {f"environments.{where}.reviewers": [owner.lower() for owner in protected.reviewers]}
            lists |= {f"environments.{where}.branches": protected.branches}
        for path, listed in lists.items():
            for index, value in repeated(listed):
                yield Remark(catalog.of(Repository)[name], f"{path}.{index}", f"{value} is there already")


def actions(catalog: Catalog) -> Remarks:
    for name, repository in catalog.all(Repository).items():
        policy = repository.actions
        if policy.allowed != "selected":
            for key in sorted(policy.model_fields_set & {"github_owned", "verified", "patterns"}):
                alias = type(policy).model_fields[key].alias or key
                message = f"it counts only for `selected`, and this is `{policy.allowed}`"
                yield Remark(catalog.of(Repository)[name], f"actions.{alias}", message)
