"""What the desk writes down in an environment's database: what was heard, and questions that wait."""

from mooring.chat.answer import Answer
from mooring.chat.platforms.platform import Posted
from mooring.chat.said import Clicked, Said
from mooring.operate.records import Records


class Store:
    """In the database of the door's environment. Any thread may use it. Every method raises Failed(STORAGE)."""

    def __init__(self, records: Records) -> None:
        self.records = records

    def posted(self, received: Said | Clicked) -> Posted | None:
        """Where its answer is shown; None where it is not yet."""
        raise NotImplementedError

    def show(self, received: Said | Clicked, answer: Answer, posted: Posted | None) -> None:
        """Writes down the answer as it is now, and where it is shown; a final one ends it."""
        raise NotImplementedError
