"""Where two JSON values differ, as the smallest values that can be replaced."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

from mooring.change.walk import same

Path = tuple[str | int, ...]
"""Keys, and numbers in lists from 0."""


def leaves(before: Any, after: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """(path, new value) of every difference. A list of another length is one value, and so is a key that comes or goes
    together with what is below it."""
    if same(before, after):
        return
    if isinstance(before, dict) and isinstance(after, dict) and before.keys() == after.keys():
        for key in before:
            yield from leaves(before[key], after[key], (*path, key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from leaves(old, new, (*path, number))
    else:
        yield path, after


def dotted(path: Sequence[str | int]) -> str:
    """`messages.0.content`"""
    return ".".join(map(str, path))


def there(data: Any, path: Sequence[str | int]) -> bool:
    """Whether a document writes a value at a path, or leaves it to the default."""
    for step in path:
        keys: Any = data.keys() if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
        if step not in keys:
            return False
        data = data[step]
    return True


def put(data: Any, path: Sequence[str | int], value: Any) -> Any:
    """A copy with another value at a path; mappings that the document leaves out are made. Raises LookupError."""
    made = deepcopy(data)
    at = made
    for step in path[:-1]:
        at = at.setdefault(step, {}) if isinstance(at, dict) else at[step]
    at[path[-1]] = value
    return made
