"""What every error of the database becomes."""


class Unavailable(Exception):
    """The database cannot be reached, or does not take what it is given. The words hold no value that a user wrote."""


class TooNew(Unavailable):
    """A later version of the code has changed the tables in a way that this one cannot work with."""
