"""A Grafana dashboard of one environment, made by Grafana's own library of types."""

import hashlib
import re
from typing import TYPE_CHECKING, Any

from mooring.operate.objectives.pace import USUAL, Pace
from mooring.operate.objectives.panels import Panel, rows
from mooring.spec import Objectives

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.stat import Panel as Stat
    from grafana_foundation_sdk.builders.timeseries import Panel as Lines

SOURCE = "datasource"
"""The dashboard's variable: which of Grafana's data sources is the Prometheus."""

GOOD, MISSED = "green", "red"
HEIGHT, STAT_HEIGHT = 8, 4
WIDTH = 24
"""Columns of Grafana's grid."""


def dashboard(environment: str, objectives: Objectives, pace: Pace = USUAL) -> str:
    """dashboard.json."""
    from grafana_foundation_sdk.builders.dashboard import Dashboard, DatasourceVariable
    from grafana_foundation_sdk.builders.dashboard import Row as Heading
    from grafana_foundation_sdk.cog.encoder import JSONEncoder

    built = (
        Dashboard(f"Mooring: {environment}")
        .uid(uid(environment))
        .description(f"What {environment} promises, and what that is made of. Rendered by moor objectives render.")
        .tags(["mooring", environment])
        .readonly()
        .refresh("1m")
        .time("now-24h", "now")
        .timezone("browser")
        .with_variable(DatasourceVariable(SOURCE).label("Data source").type("prometheus"))
    )
    for row in rows(environment, objectives, pace):
        built.with_row(Heading(row.title))
        for panel, width in zip(row.panels, _widths(row.panels), strict=True):
            built.with_panel(_panel(panel, width))
    return f"{JSONEncoder(sort_keys=True, indent=2).encode(built.build())}\n"


def uid(environment: str) -> str:
    """The same for an environment at every rendering, so that links and stars last. At most 40 characters."""
    plain = re.sub(r"[^a-z0-9-]", "-", environment)
    if plain == environment and len(plain) <= 32:
        return f"mooring-{plain}"
    return f"mooring-{plain[:23]}-{hashlib.sha256(environment.encode()).hexdigest()[:8]}"


def _widths(panels: tuple[Panel, ...]) -> list[int]:
    """Three in a line, or all small ones in one."""
    if all(panel.kind == "stat" for panel in panels):
        return [WIDTH // len(panels)] * len(panels)
    return [WIDTH // 3] * len(panels)


def _panel(panel: Panel, width: int) -> Any:
    from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
    from grafana_foundation_sdk.builders.prometheus import Dataquery
    from grafana_foundation_sdk.models.dashboard import DataSourceRef, Threshold, ThresholdsMode

    source = DataSourceRef(type_val="prometheus", uid=f"${{{SOURCE}}}")
    built = _stat() if panel.kind == "stat" else _lines(panel)
    built.title(panel.title).description(panel.says).unit(panel.unit).datasource(source).span(width)
    built.height(STAT_HEIGHT if panel.kind == "stat" else HEIGHT)
    for number, query in enumerate(panel.queries):
        asked = Dataquery().expr(query.expr).legend_format(query.legend).ref_id(chr(ord("A") + number))
        built.with_target(asked.instant() if panel.kind == "stat" else asked.range())
    below, above = (MISSED, GOOD) if panel.at_least else (GOOD, MISSED)
    steps = [Threshold(None, below)]
    if panel.target is not None:
        steps.append(Threshold(panel.target, above))
    return built.thresholds(ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps))


def _stat() -> "Stat":
    from grafana_foundation_sdk.builders.common import ReduceDataOptions
    from grafana_foundation_sdk.builders.stat import Panel as Stat
    from grafana_foundation_sdk.models.common import BigValueGraphMode, BigValueTextMode

    reduced = ReduceDataOptions().calcs(["lastNotNull"])
    return Stat().graph_mode(BigValueGraphMode.NONE).text_mode(BigValueTextMode.AUTO).reduce_options(reduced)


def _lines(panel: Panel) -> "Lines":
    from grafana_foundation_sdk.builders.common import GraphThresholdsStyleConfig
    from grafana_foundation_sdk.builders.timeseries import Panel as Lines
    from grafana_foundation_sdk.models.common import GraphTresholdsStyleMode

    built = Lines().min(0).fill_opacity(10)
    if panel.target is not None:
        built.thresholds_style(GraphThresholdsStyleConfig().mode(GraphTresholdsStyleMode.DASHED))
    return built
