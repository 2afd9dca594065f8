"""What becomes of what was said: heard once, understood, judged, asked about, carried out, answered and recorded."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mooring.chat.action import Action, Context, Notify
from mooring.chat.answer import Answer
from mooring.chat.command import Command, Language
from mooring.chat.said import Clicked, Said

if TYPE_CHECKING:
    from mooring.chat.store import Store
    from mooring.spec.chat import Chat

Work = Callable[[Notify], Answer]


@dataclass(frozen=True, slots=True)
class Heard:
    """What is answered at once, and what follows.

    `answer` is None where nothing is said: the line was not for us, or it was heard before. `work` is to be run in a
    thread, never raises, and its answer takes the place of the first; while it runs, its `Notify` says how far it is.
    `aside` answers are for the one who pressed a button: the message with the button stays as it is, since others may
    still press it.
    """

    answer: Answer | None
    work: Work | None = None
    aside: bool = False


class ContextOf(Protocol):
    """Makes the context of a command. Quick. Raises UsageError where there is no such environment.

    The desk replaces `may`.
    """

    def __call__(self, environment: str, person: str, platform: str, language: Language) -> Context: ...


class Desk:
    """Of one door. Any thread may use it.

    `document` is the Chat document of the door's `environment` as it is now; a command for another environment is
    judged by the document of that one, which its context has. `permission` asks GitHub for the permission of a login
    in the door's repository (None: it has none), and raises when that cannot be told; it may take its time.
    """

    def __init__(
        self,
        document: "Callable[[], Chat | None]",
        context_of: ContextOf,
        actions: Mapping[str, Action],
        store: "Store",
        clock: Callable[[], float] = time.time,
        *,
        environment: str,
        permission: Callable[[str], str | None] | None = None,
    ) -> None:
        self._document, self._context_of, self._actions = document, context_of, actions
        self._store, self._clock = store, clock
        self._environment, self._permission = environment, permission

    def hear(self, received: Said | Clicked) -> Heard:
        """Quick, and without the network. Raises Failed(STORAGE) where it cannot be written down: then it is not heard,
        and the platform may deliver it again."""
        raise NotImplementedError

    def left(self) -> list[tuple[Said | Clicked, Heard]]:
        """What a door that ended had heard and not finished, for the next one to start with.

        What had not begun is done now; a change that had begun is not done again, and its answer says so.
        """
        raise NotImplementedError

    def offer(self, command: Command, until: float, digest: str = "") -> str:
        """The token of a button that says a command for whoever presses it, as often as it is pressed until then.

        The press is judged as if they had said it, and is its own confirmation. `digest` names what they see: a change
        whose preview has another one by then is refused.
        """
        raise NotImplementedError

    def tidy(self) -> None:
        """To be called every minute or so: writes down counted refusals, and forgets what is over."""
        raise NotImplementedError
