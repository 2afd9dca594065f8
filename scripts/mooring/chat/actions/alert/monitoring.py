"""Where the alerts of an environment are: in the Alertmanager that the live release names, or here alone."""

import os

from mooring.chat.action import Context
from mooring.operate.objectives.silences import Alertmanager


def alertmanager(context: Context) -> Alertmanager | None:
    """None where no live release names one. Raises Failed(PROCESS) where its token is not set."""
    release = context.target.live()
    promised = release.content.promised if release else None
    if promised is None or promised.alertmanager is None:
        return None
    return Alertmanager.of(promised.alertmanager, context.environment, os.environ)
