"""Which variables a container gets, each by the name of a key of a Secret: no value is ever rendered."""

from mooring.release.content import ReleaseContent
from mooring.targets.kubernetes import names
from mooring.targets.kubernetes.manifests.objects import Object, target_of

STATE_FOLDER = "/var/lib/mooring"


def of_slot(content: ReleaseContent) -> list[str]:
    """Variables with secrets that a slot reads: of the database, callers' keys, and models where they are asked."""
    return sorted({*content.model_variables, *content.environment.secrets, *_database(content)})


def of_keeper(content: ReleaseContent) -> list[str]:
    """Variables with secrets that the keeper reads: of the database, exports and chat, but no key of a model."""
    return sorted(content.operations_variables | _database(content))


def _database(content: ReleaseContent) -> set[str]:
    name = database(content)
    return {name} if name else set()


def database(content: ReleaseContent) -> str | None:
    """The name of the variable with the database's URL."""
    given = content.environment.database
    return given.secret_ref.removeprefix("env:") if given else None


def rendered(content: ReleaseContent, variables: list[str]) -> list[Object]:
    """The `env` of a container: what the pod is called, where its state is, the admin token, and secrets by key."""
    environment, secret = content.environment.name, target_of(content).secret
    found = [
        _of_pod(names.POD_NAME, "metadata.name"),
        _of_pod(names.POD_UID, "metadata.uid"),
        _of_pod(names.POD_IP, "status.podIP"),
        {"name": names.ENVIRONMENT_NAME, "value": environment},
        {"name": names.STATE, "value": STATE_FOLDER},
    ]
    if name := database(content):
        found.append({"name": names.DATABASE, "value": name})
    found.append(_of_secret(names.ADMIN_TOKEN, names.admin(environment), "token"))
    return found + [_of_secret(name, secret, name) for name in variables]


def _of_pod(name: str, field: str) -> Object:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": field}}}


def _of_secret(name: str, secret: str, key: str) -> Object:
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}
