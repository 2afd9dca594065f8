"""The simulator runs where a release needs it: for any provider, or any service."""

import json
from pathlib import Path
from typing import Any

import pytest

from mooring.targets.host.requirements import Requirements


@pytest.mark.parametrize(
    ("endpoints", "service", "simulated"),
    [
        ("simulated", "https://shop.example", True),
        ("real", "https://shop.example", False),
        ("real", "simulated", True),
        ({"openai": "real", "anthropic": "simulated"}, "https://shop.example", True),
        ({"openai": "real", "anthropic": "real"}, "https://shop.example", False),
        ({"openai": "real", "anthropic": "real"}, "simulated", True),
    ],
)
def test_the_simulator_runs_where_anything_is_simulated(
    tmp_path: Path, release: Any, endpoints: Any, service: str, simulated: bool
) -> None:
    content = json.loads(release("one").to_bytes())
    content["environment"] |= {"endpoints": endpoints, "services": {"shop": service}}
    (tmp_path / "release.json").write_text(json.dumps(content))
    assert Requirements.read(tmp_path / "release.json").simulated is simulated
