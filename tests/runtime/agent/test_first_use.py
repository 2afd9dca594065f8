"""The first request of a slot does nothing that could have been done before it."""

import json
import subprocess
import sys

import pytest

SCRIPT = """
import json, sys, tempfile
from pathlib import Path

from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.routing import Mount

from mooring.runtime.core.settings import Settings
from mooring.runtime.door.app import create_app
from mooring.runtime.process.preload import preload
from tests.runtime.hosting import Serving
from tests.runtime.sample import sample
from tests.runtime.stub import Stub


def unbuilt(model=BaseModel):
    for other in model.__subclasses__():
        if not other.__pydantic_complete__:
            yield f"{other.__module__}.{other.__qualname__}"
        yield from unbuilt(other)


stub = Stub()
vendor = Serving(Starlette(routes=[Mount("/", stub.app())])).start()
with tempfile.TemporaryDirectory() as state:
    server = Serving(create_app(sample(), Settings("blue", Path(state), vendor.url, {}))).start()
    preload()
    models, modules = set(unbuilt()), set(sys.modules)
    status = server.chat(stream=sys.argv[1] == "stream").status_code
    found = {"status": status, "models": sorted(models - set(unbuilt())), "modules": sorted(set(sys.modules) - modules)}
    server.stop()
vendor.stop()
print(json.dumps(found))
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", ["plain", "stream"])
def test_the_first_request_imports_nothing_and_builds_no_models(how: str) -> None:
    run = subprocess.run([sys.executable, "-c", SCRIPT, how], check=True, capture_output=True, timeout=60)
    assert json.loads(run.stdout) == {"status": 200, "models": [], "modules": []}


def test_what_streamed_and_whole_answers_of_anthropic_are_made_of_is_built() -> None:
    from anthropic.types import beta

    from mooring.runtime.agent import first_use

    first_use.prepare()
    assert beta.BetaMessage.__pydantic_complete__
    assert beta.BetaRawContentBlockDeltaEvent.__pydantic_complete__
