"""What objects, labels, ports and variables are called: what is rendered, what pods read and what is looked for."""

from typing import Final

MANAGER: Final = "mooring"
"""The field manager of everything that is applied."""

PART_OF: Final = "app.kubernetes.io/part-of"
"""With the value MANAGER on every object.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
"""

ENVIRONMENT: Final = "mooring.dev/environment"
SLOT: Final = "mooring.dev/slot"
RELEASE: Final = "mooring.dev/release"
"""A label with the first 32 letters of a digest, without `sha256:`, since 63 are the most; an annotation has it all."""

TOKEN: Final = "mooring.dev/token"
"""The annotation of the Service with the newest fencing token that it was shown."""

DIGEST: Final = "mooring.dev/digest"
"""The annotation with a whole digest."""

IDLE_SINCE: Final = "mooring.dev/idle-since"
"""The annotation of a slot's Deployment with the Unix time at which it lost the traffic."""

HTTP: Final = 8422
"""The port of a pod where callers are answered, and `/startupz`, `/livez` and `/readyz`."""

ADMIN: Final = 8423
"""The port of a pod's admin door, which answers whoever shows the token of the Secret `<environment>-admin`."""

MONITOR: Final = 8424
"""The port of the keeper where the environment can be watched: `/metrics`, `/status.json` and the status page."""

CHAT: Final = 8425
"""The port of the keeper where platforms of chat are heard."""

ADMIN_HEADER: Final = "X-Mooring-Admin"
"""The header with that token: `Authorization` is the API server's own on the way through it."""

# Variables of a container.
ADMIN_TOKEN: Final = "MOORING_ADMIN_TOKEN"
POD_NAME: Final = "MOORING_POD_NAME"
POD_UID: Final = "MOORING_POD_UID"
POD_IP: Final = "MOORING_POD_IP"
STATE: Final = "MOORING_STATE"
DATABASE: Final = "MOORING_DATABASE"
"""The name of the variable with the database's URL."""

ENVIRONMENT_NAME: Final = "MOORING_ENVIRONMENT"
"""The environment's name, which names the schema in the database: it is there before any release is known."""

ROOT: Final = "MOORING_ROOT"
"""The folder of the repository in the image, for what is in no release, such as the simulator's rules; absent: the
working directory."""


def deployment(environment: str, slot: str) -> str:
    """The Deployment of a slot."""
    return f"{environment}-{slot}"


def service(environment: str) -> str:
    """The Service of an environment, and what its ServiceAccount, NetworkPolicy and the like are called too."""
    return environment


def keeper(environment: str) -> str:
    """The Deployment that keeps house: leases that run out, standbys, exports, the monitor, chat."""
    return f"{environment}-keeper"


def admin(environment: str) -> str:
    """The Secret with the key `token` for the admin doors of pods."""
    return f"{environment}-admin"


def short(digest: str) -> str:
    """A digest as the value of a label."""
    return digest.removeprefix("sha256:")[:32]


TRAFFIC: Final = f"{MANAGER}-traffic"
"""The field manager of the Service's selector, and of the annotations that say whose turn it is."""

SCALE: Final = f"{MANAGER}-scale"
"""The field manager of how many pods a slot has, and of the annotations that go with that."""

DOWN: Final = "mooring.dev/down"
"""The annotation of a Service whose pods were all stopped, with the Unix time of that."""

RESTARTS: Final = "mooring.dev/restarts"
"""The annotation of a slot's Deployment with the restarts of its containers when it was given the traffic."""

RESTARTED: Final = "mooring.dev/restarted"
"""The annotation of a slot's pods with the Unix time at which they were to be replaced."""


def labels(environment: str, slot: str = "") -> str:
    """The selector of what belongs to an environment, or to one of its slots."""
    return f"{ENVIRONMENT}={environment}" + (f",{SLOT}={slot}" if slot else "")


def proxied(pod: str) -> str:
    """A pod as the API server's proxy names it, for its admin door."""
    return f"{pod}:{ADMIN}"


def keeper_labels(environment: str) -> str:
    """The selector of the keeper's pod."""
    return f"{ENVIRONMENT}={environment},app.kubernetes.io/component=keeper"
