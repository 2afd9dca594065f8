"""deepeval, imported so that it opens no socket and writes no file."""

import os
from contextlib import redirect_stdout
from importlib.util import find_spec
from io import StringIO

from mooring.errors import Failed
from mooring.outcome import Reason

FIX = "python3 scripts/bootstrap.py --eval"

_SETTINGS = {
    "DEEPEVAL_TELEMETRY_OPT_OUT": "YES",
    "DEEPEVAL_DISABLE_DOTENV": "1",
    "DEEPEVAL_FILE_SYSTEM": "READ_ONLY",
    "DEEPEVAL_NO_INSPECT_PROMPT": "1",
    "DEEPEVAL_EVAL_MODE": "llm",
}
"""Read at import. The last one: every decision is the judge's, and none is sent to a service of the vendor's."""

_KEYS = ("CONFIDENT_API_KEY", "CONFIDENT_OTEL_URL")
"""With them verdicts would be uploaded."""


def installed() -> bool:
    """Whether deepeval is there, found without importing it."""
    return find_spec("deepeval") is not None


def import_deepeval() -> None:
    """Takes most of a second, once. Failed(NOT_READY) when it is not installed."""
    if not installed():
        raise Failed(Reason.NOT_READY, "judges need deepeval, which is not installed", FIX)
    os.environ.update(_SETTINGS)
    for name in _KEYS:
        os.environ.pop(name, None)
    with redirect_stdout(StringIO()):  # it announces that it will write no files
        import deepeval  # noqa: F401
