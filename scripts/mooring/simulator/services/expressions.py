"""Works out the expressions of a service document on its records and the simulated time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import JsonValue

from mooring.simulator import template
from mooring.simulator.services.database import Records
from mooring.simulator.services.documents import Service
from mooring.simulator.services.search import best

BUILT_IN = frozenset({"rows", "first", "view", "search", "day", "moment"})
"""Names that every expression knows besides its own variables."""

Clock = Callable[[], datetime]
"""Now, with a time zone."""


@dataclass(frozen=True, slots=True)
class Expressions:
    """Of one call: what it sees of the service's records does not change under it."""

    service: Service
    records: Records
    clock: Clock

    def shape(self, shape: JsonValue, variables: Mapping[str, Any]) -> Any:
        """JSON with every text replaced by the value of its expression. Raises jinja2.TemplateError."""
        if isinstance(shape, str):
            return self.value(shape, variables)
        if isinstance(shape, dict):
            return {name: self.shape(part, variables) for name, part in shape.items()}
        if isinstance(shape, list):
            return [self.shape(part, variables) for part in shape]
        return shape

    def value(self, expression: str, variables: Mapping[str, Any]) -> Any:
        """The value of an expression. Raises jinja2.TemplateError, TypeError or ValueError when it has none."""
        return template.strict_value(expression, {**self._built_in(), **variables})

    def terms(self, terms: Mapping[str, str], variables: dict[str, Any]) -> dict[str, Any]:
        """The variables with the terms added, each worked out from those before it."""
        for name, expression in terms.items():
            variables = variables | {name: self.value(expression, variables)}
        return variables

    def text(self, message: str, variables: Mapping[str, Any]) -> str:
        """A template with the variables written in."""
        return template.render(message, {**self._built_in(), **variables})

    def _built_in(self) -> dict[str, Any]:
        return {
            "rows": self._rows,
            "first": self._first,
            "view": self._view,
            "search": self._search,
            "day": self._day,
            "moment": self._moment,
        }

    def _rows(self, table: str, **wanted: Any) -> list[dict[str, Any]]:
        """Records whose fields have the wanted values: those of the document first, then the inserted ones."""
        every = [*self.service.tables[table].records, *self.records.all(table)]
        return [dict(record) for record in every if all(record.get(name) == value for name, value in wanted.items())]

    def _first(self, table: str, **wanted: Any) -> dict[str, Any] | None:
        return next(iter(self._rows(table, **wanted)), None)

    def _view(self, name: str, of: Any, **more: Any) -> Any:
        """The fields of a view of one value, or of each in a list; None of None."""
        if of is None:
            return None
        if isinstance(of, list | range):
            return [self._view(name, one, **more) for one in of]
        view = self.service.views[name]
        return self.shape(dict(view.fields), self.terms(view.terms, {**more, view.of: of}))

    def _search(self, table: str, words: str, title: str, text: str) -> list[dict[str, Any]]:
        """The records that share most words with the query, best first, three at most."""
        texts = [(record, str(record[title]), _joined(record[text])) for record in self._rows(table)]
        return best(words, texts)

    def _day(self, days_ago: int | None) -> str | None:
        return None if days_ago is None else str(self.clock().date() - timedelta(days=days_ago))

    def _moment(self, minutes_ago: int) -> str:
        return (self.clock() - timedelta(minutes=minutes_ago)).isoformat(timespec="seconds")


def _joined(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
