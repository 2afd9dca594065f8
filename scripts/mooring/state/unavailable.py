"""What every error of the database becomes."""

IN_THE_WAY = ("40001", "40P01")
"""SQLSTATE of serialization_failure and deadlock_detected: the whole transaction may be done again."""


class Unavailable(Exception):
    """The database cannot be reached, or does not take what it is given. The words hold no value that a user wrote.

    `fix` says what to do, where there is something.
    """

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix


class Unfit(Unavailable):
    """The database as it is can never serve; waiting does not help."""


class TooNew(Unfit):
    """A later version of the code has changed the tables in a way that this one cannot work with."""


class Behind(Unavailable):
    """This version of the code needs a migration that is a one-way door, which only a deployment opens."""


class Moved(Unavailable):
    """The state is elsewhere since. `reference` is `env:NAME` or `sqlite`; `token` names the move."""

    def __init__(self, reference: str, token: str) -> None:
        super().__init__("the state was moved elsewhere")
        self.reference, self.token = reference, token
