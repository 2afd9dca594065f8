"""Comments whose webhook never arrived are heard all the same, once, and not when they are old."""

import time
from typing import Any

import pytest

from mooring.chat.platforms.platform import Unsent
from mooring.chat.serve import sweep
from mooring.chat.serve.sweep import Sweep
from tests.chat.serve.conftest import House, Open, quick, until

ANNA = {"login": "anna", "type": "User"}


def swept(door: Open) -> int:
    found: int = door.ask(door.door.sweep.look)
    return found


def test_a_comment_that_was_not_delivered_is_heard_once_and_never_by_webhook_again(house: House) -> None:
    status = quick()
    with house.opened({"agent status": status}) as door:
        said = house.github.comment("/agent status", time.time())
        assert swept(door) == 1
        until(lambda: "agent status is done" in str(house.github.written))
        assert swept(door) == 1
        assert door.deliver("github", said).status_code == 202
        until(lambda: door.recorded() == ["done"])
        assert status.ran == 1
        assert len(house.github.written) == 1


def test_an_old_comment_is_answered_that_it_is_too_late_and_is_not_carried_out(house: House) -> None:
    rollback, now = quick(changes=True), time.time()
    with house.opened({"deploy rollback": rollback}, confirm={"*": "none"}) as door:
        door.deliver("github", house.github.comment("/help", now - 3000))  # since when comments are listed
        until(lambda: len(house.github.written) == 1)
        house.github.add("/deploy rollback", ANNA, at=now - 700)
        door.door.sweep._since = now - 3600
        swept(door)
        until(lambda: "Say it again" in str(house.github.written))
        until(lambda: "refused" in door.recorded())
        assert rollback.ran == 0


@pytest.mark.parametrize(
    "comment",
    [
        {"body": "looks good"},
        {"user": {"login": "a-bot", "type": "Bot"}},
        {"updated_at": "2099-01-01T00:00:00Z"},
    ],
)
def test_what_would_not_be_heard_by_webhook_is_not_heard_by_a_sweep(house: House, comment: dict[str, Any]) -> None:
    status = quick()
    with house.opened({"agent status": status}) as door:
        house.github.add("/agent status", ANNA, at=time.time()).update(comment)
        assert swept(door) == 0
    assert status.ran == 0


def test_the_first_sweep_begins_a_little_before_what_was_heard_last_and_a_failed_one_is_made_up_for() -> None:
    asked: list[float] = []
    down = True

    class Comments:
        async def since(self, moment: float) -> list[Any]:
            asked.append(moment)
            if down:
                raise Unsent("GitHub is down")
            return []

    async def comments() -> Comments:
        return Comments()

    async def hear(*_: Any) -> None:
        raise AssertionError

    import asyncio

    now = 1e9
    one = Sweep(comments, hear, lambda: now - 1000, lambda: now)
    with pytest.raises(Unsent):
        asyncio.run(one.look())
    now += 500
    down = False
    asyncio.run(one.look())
    assert asked[0] == 1e9 - 1000 - sweep.OVERLAP_SECONDS
    assert asked[1] == 1e9 - 500 - sweep.OVERLAP_SECONDS
    now += 120
    asyncio.run(one.look())
    assert asked[2] == now - 120 - sweep.OVERLAP_SECONDS
    far = Sweep(comments, hear, lambda: now - 1e6, lambda: now)
    asyncio.run(far.look())
    assert asked[3] == now - sweep.BACK_SECONDS
