"""An environment that was ended is gone: whoever asks next finds nothing that runs."""

import asyncio
import threading
from pathlib import Path

from mooring.runtime.process import unix_http
from mooring.targets.host import folders
from mooring.targets.local.target import Local
from tests.repository import CONTENT

LINGERS = 0.4


def test_the_end_of_an_environment_is_waited_for_until_no_door_of_a_slot_answers(tmp_path: Path) -> None:
    local = Local(CONTENT, "local", tmp_path / "state", ("unused",))
    door = folders.control(local.state).with_name("blue~")
    door.parent.mkdir(parents=True, exist_ok=True)
    door.with_suffix(".fd").touch()
    opened = threading.Event()

    async def linger() -> None:
        server = await unix_http.serve(door, {"GET /health": lambda _body: {}})
        opened.set()
        await asyncio.sleep(LINGERS)
        server.close()
        door.unlink()

    slot = threading.Thread(target=lambda: asyncio.run(linger()))
    slot.start()
    assert opened.wait(10)
    assert local._any_slot()
    local._wait_until_gone()
    assert not local._any_slot()
    slot.join()
