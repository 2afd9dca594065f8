"""A plan whose every text tries to get out of where it is shown."""

from dataclasses import replace
from typing import Any

from mooring.evaluate.behaviour.values import Behaviour, parse

ATTACK = (
    "</code></pre></td></table></details>\n\n# Big @everyone\n```\n<script>document.title='owned'</script>"
    "<img src=x onerror=\"document.title='owned'\"> ![x](https://evil.example/x.png) [click](https://evil.example) "
    "| a | b |\n|---|---|\n<!-- --> ]]> \x1b[31m\u202e\x00 {{ 7*7 }} ${7*7} #1 https://evil.example"
)
KEPT = {"environment", "evidence", "state", "outcome", "level", "declared", "code", "type", "quantity", "started"}


def hostile(behaviour: Behaviour) -> Behaviour:
    """The same plan with an attack at the end of every text, but those that have a closed list of values."""
    return parse(_attacked(behaviour.data()))


def _attacked(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _attacked(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_attacked(one, key) for one in value]
    return value + ATTACK if isinstance(value, str) and key not in KEPT else value


def huge(behaviour: Behaviour, times: int) -> Behaviour:
    """The same cases again and again, with long answers."""
    cases = tuple(
        replace(case, case=f"{case.case}-{n}", turns=tuple(_longer(turn) for turn in case.turns))
        for n in range(times)
        for case in behaviour.cases
    )
    return replace(behaviour, cases=cases)


def _longer(turn: Any) -> Any:
    return replace(turn, new=replace(turn.new, text=(turn.new.text + " <&> \n") * 200))
