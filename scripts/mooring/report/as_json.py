"""`--json`: exactly one object."""

import json

from mooring.outcome import Outcome


def render(outcome: Outcome) -> str:
    """The whole outcome as JSON; `reason` and `ok` come first and no data can shadow them."""
    head = {"reason": str(outcome.reason), "ok": outcome.ok}
    return json.dumps({**head, **outcome.data, **head}, ensure_ascii=False)
