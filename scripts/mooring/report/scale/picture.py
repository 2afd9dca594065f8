"""The picture of the page: where one PostgreSQL server ends, on a logarithmic axis with the rates beside it."""

from collections.abc import Iterator, Sequence
from math import floor, log10
from xml.sax.saxutils import escape

from mooring.drill.scale.assumptions import Assumptions
from mooring.drill.scale.figures import Figures
from mooring.drill.scale.limits import one_server, sharding
from mooring.report.scale.units import short

WIDTH, LEFT, RIGHT, TOP, ROW = 860, 250, 110, 62, 34

STYLE = """text{font:13px system-ui,sans-serif;fill:#1f2933}.dim{fill:#5b6770;font-size:12px}.bar{fill:#4c7bb0}
.first{fill:#c2542d}.value{paint-order:stroke;stroke:#fff;stroke-width:4px}
.grid{stroke:#d5dbe0}.rate{stroke:#1f2933;stroke-dasharray:3 3}.paper{fill:#fff}
@media(prefers-color-scheme:dark){text{fill:#e4e9ed}.dim{fill:#a3afb8}.grid{stroke:#3a444c}.rate{stroke:#e4e9ed}
.bar{fill:#6f9fd3}.first{fill:#e0795a}.paper{fill:#14191d}.value{stroke:#14191d}}"""


def picture(rates: Sequence[float], figures: Figures, given: Assumptions) -> str:
    """An SVG file; `rates` are marked on its axis."""
    ends = one_server(figures, given) | {f"{given.busy:.0%} of its processor: sharding": sharding(figures, given)}
    parts = sorted(ends.items(), key=lambda part: part[1])
    low = min(*rates, *ends.values())
    axis = _Axis(floor(log10(low)), floor(log10(max(*rates, *ends.values()))) + 1)
    height = TOP + ROW * len(parts) + 46
    title = f"Where one PostgreSQL server of {given.database_cores} cores ends, in requests a minute"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{STYLE}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{height}"/>',
        f'<text x="16" y="26" font-weight="600">{escape(title)}</text>',
        *_grid(axis, height),
        *_rates(rates, axis, height),
        *(line for row, part in enumerate(parts) for line in _bar(row, part, axis)),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


class _Axis:
    """Powers of ten from `low` to `high`, as places in the picture."""

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high

    def at(self, rate: float) -> float:
        share = (log10(rate) - self.low) / (self.high - self.low)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)


def _grid(axis: _Axis, height: int) -> Iterator[str]:
    for power in range(axis.low, axis.high + 1):
        x = axis.at(10.0**power)
        yield f'<line class="grid" x1="{x}" x2="{x}" y1="{TOP - 6}" y2="{height - 40}"/>'
        yield f'<text class="dim" x="{x}" y="{height - 22}" text-anchor="middle">{short(10.0**power)}</text>'


def _rates(rates: Sequence[float], axis: _Axis, height: int) -> Iterator[str]:
    for rate in rates:
        x = axis.at(rate)
        yield f'<line class="rate" x1="{x}" x2="{x}" y1="{TOP - 6}" y2="{height - 40}"/>'
        yield f'<text x="{x}" y="{TOP - 12}" text-anchor="middle">{short(rate)}</text>'


def _bar(row: int, part: tuple[str, float], axis: _Axis) -> Iterator[str]:
    name, rate = part
    y, x = TOP + ROW * row, axis.at(rate)
    kind = "first" if row == 0 else "bar"
    yield f'<text x="{LEFT - 10}" y="{y + 19}" text-anchor="end">{escape(name.removeprefix("PostgreSQL: "))}</text>'
    yield f'<rect class="{kind}" x="{LEFT}" y="{y + 5}" width="{round(x - LEFT, 1)}" height="{ROW - 13}" rx="2"/>'
    yield f'<text class="value" x="{x + 6}" y="{y + 19}">{short(rate)}</text>'
