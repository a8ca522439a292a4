"""A plot of a report. What is drawn are the cells of the core; nothing is added up here."""

from __future__ import annotations

import textwrap
import warnings
from datetime import date, timedelta
from functools import lru_cache
from math import ceil, nan
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from ._cells import Column, columns, heading, is_hidden, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ._result import Report

__all__ = ["plot"]

# What matters most in each report.
_MEASURES = {
    "receipts": "net_fen",
    "insurance": "total_fen",
    "closing": "received_fen",
    "volume": "visits",
    "income": "total_fen",
    "refunds": "requests",
    "ages": "total",
    "diseases": "visits",
}
# Reports whose rows have a code and a name; not all have both.
_NAMES = {"income": ("fee_class", "fee_name"), "diseases": ("code", "name")}
# What is counted where headings say only of whom.
_COUNTED = {"ages": "就诊人次"}
_TIMES = ("day", "week", "month")
# More than these nobody reads.
_MOST_SERIES = 10
_MOST_PLACES = 60
_MOST_TICKS = 12
_WRAP = 16
_LINE = 80
# Fonts with Chinese characters that systems come with, the plain ones first.
_FONTS = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Microsoft YaHei",
    "PingFang SC",
    "HarmonyOS Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "SimHei",
    "Heiti SC",
    "Hiragino Sans GB",
    "Noto Sans CJK JP",
    "Droid Sans Fallback",
    "SimSun",
    "Noto Serif CJK SC",
    "AR PL UMing CN",
)


class _Drawn(NamedTuple):
    """What is drawn: places, and for each series a number a place; None where there is nothing."""

    # In the order of the rows.
    places: Dict[str, None]
    series: Dict[str, Dict[str, Any]]
    hidden: List[Tuple[str, str]]
    # The key and the heading of what they are by.
    axis: str
    by: str
    measures: List[Column]
    # What is measured, and in which unit.
    unit: str


@lru_cache(maxsize=None)
def _chinese_font() -> Optional[str]:
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    found = next((name for name in _FONTS if name in installed), None)
    if found is None:
        # Asked once a process, so told once.
        warnings.warn("no font with Chinese characters is installed (e.g. fonts-noto-cjk), so plots show boxes; or give plot(font=...)", stacklevel=4)
    return found


def _measures(report: Report, keys: Optional[Sequence[str]]) -> List[Column]:
    known = {column.key: column for column in columns(report.response) if column.holds != "text"}
    asked = [_MEASURES[report.response["report"]]] if keys is None else list(keys)
    unknown = [key for key in asked if key not in known]
    if unknown or not asked:
        raise ValueError(f"measure: {', '.join(unknown) or 'none'} cannot be drawn; this report has {', '.join(known)}")
    if len({known[key].holds for key in asked}) > 1:
        raise ValueError(f"measure: {', '.join(asked)} are not of one unit")
    return [known[key] for key in asked]


def _drawn(report: Report, measures: List[Column]) -> _Drawn:
    described = columns(report.response)
    at = {column.key: place for place, column in enumerate(described)}
    texts = [column for column in described if column.holds == "text"]
    names = _NAMES.get(report.response["report"])
    axes = [column for column in texts if column.key in (names or _TIMES)] or texts[:1]
    others = [column for column in texts if column not in axes]
    unit, counted = "、".join(map(heading, measures)), _COUNTED.get(report.response["report"])
    drawn = _Drawn({}, {}, [], axes[0].key, " ".join(column.title for column in axes), measures, f"{counted}（{unit}）" if counted else unit)
    for row in report.response["rows"]:
        if row["level"] != "detail":
            continue
        cells = row["cells"]
        place = " ".join(cells[at[column.key]] for column in axes if cells[at[column.key]])
        drawn.places[place] = None
        label = [cells[at[column.key]] or "" for column in others]
        for measure in measures:
            name = " · ".join([*label, *([measure.title] if len(measures) > 1 else [])])
            cell = cells[at[measure.key]]
            drawn.series.setdefault(name, {})[place] = number(measure, cell)
            if is_hidden(measure, cell):
                drawn.hidden.append((name, place))
    return drawn


def _periods(key: str, from_: str, to: str) -> List[date]:
    """Every period of the report, also those of which there is nothing."""
    first, last = date.fromisoformat(from_), date.fromisoformat(to)
    if key == "month":
        months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
        return [date(month // 12, month % 12 + 1, 1) for month in months]
    step = 7 if key == "week" else 1
    first -= timedelta(days=first.weekday() if key == "week" else 0)
    return [first + timedelta(days=days) for days in range(0, (last - first).days + 1, step)]


def _lines(ax: Axes, report: Report, drawn: _Drawn) -> None:
    key = drawn.axis
    periods = _periods(key, report.response["from"], report.response["to"])
    labels = [period.isoformat()[: 7 if key == "month" else 10] for period in periods]
    spots = range(len(periods))
    for name, values in drawn.series.items():
        # Where there is nothing the line is broken: that is not a zero.
        heights = [nan if values.get(label) is None else float(values[label]) for label in labels]
        ax.plot(spots, heights, marker="o", markersize=3, linewidth=1.5, label=_label(name))
    step = max(1, ceil(len(periods) / _MOST_TICKS))
    short = key == "day" and periods[0].year == periods[-1].year
    ax.set_xticks(spots[::step], [label[5:] if short else label for label in labels[::step]], rotation=30, ha="right")
    ax.set_xlabel(drawn.by)
    ax.set_ylabel(drawn.unit, labelpad=8)
    ax.yaxis.set_major_formatter(_formatter(drawn))
    ax.grid(axis="y", alpha=0.3)


def _bars(ax: Axes, drawn: _Drawn) -> None:
    thick = 0.8 / max(1, len(drawn.series))
    for nth, (name, values) in enumerate(drawn.series.items()):
        spots = [spot - 0.4 + thick * (nth + 0.5) for spot in range(len(drawn.places))]
        widths = [float(values.get(place) or 0) for place in drawn.places]
        ax.barh(spots, widths, height=thick, label=_label(name))
        for place, spot in zip(drawn.places, spots):
            if (name, place) in drawn.hidden:
                ax.annotate("*", (0, spot), xytext=(3, 0), textcoords="offset points", va="center")
    ax.set_yticks(range(len(drawn.places)), ["\n".join(textwrap.wrap(place, _WRAP)) for place in drawn.places], parse_math=False)
    # The first row is on top, as in the table.
    ax.invert_yaxis()
    ax.set_ylabel(drawn.by, labelpad=8)
    ax.set_xlabel(drawn.unit)
    ax.xaxis.set_major_formatter(_formatter(drawn))
    ax.xaxis.set_major_locator(_locator())
    ax.grid(axis="x", alpha=0.3)
    ax.set_axisbelow(True)


def _label(name: str) -> str:
    """A label of a series; one that begins with an underscore would not be shown."""
    return f" {name}" if name.startswith("_") else name


def _locator() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=6)


def _formatter(drawn: _Drawn) -> Any:
    """Ticks are drawn in fen and told in yuan; a place on a screen is no amount, so a float will do."""
    from matplotlib.ticker import FuncFormatter

    def yuan(fen: float, _: object) -> str:
        return f"{fen / 100:,.0f}" if fen % 100 == 0 else f"{fen / 100:,.2f}"

    return FuncFormatter(yuan if drawn.measures[0].holds == "fen" else lambda value, _: f"{value:,.10g}")


def _figure(drawn: _Drawn, over_time: bool) -> Axes:
    from matplotlib import pyplot

    height = 4.8 if over_time else max(3.2, 1.6 + len(drawn.places) * max(0.32, 0.16 * len(drawn.series)))
    _, ax = pyplot.subplots(figsize=(9, height), layout="constrained")
    return ax


def plot(report: Report, keys: Optional[Sequence[str]], ax: Optional[Axes], font: Optional[str]) -> Axes:
    """Draws a report, see :meth:`Report.plot`."""
    import matplotlib

    drawn = _drawn(report, _measures(report, keys))
    over_time = drawn.axis in _TIMES
    if len(drawn.series) > _MOST_SERIES or not over_time and len(drawn.places) > _MOST_PLACES:
        raise ValueError(f"{len(drawn.series)} series of {len(drawn.places)} rows are more than can be read: ask the report by fewer axes (by=), or for fewer names")
    font = font or _chinese_font()
    family = [*([font] if font else []), *matplotlib.rcParams["font.family"]]
    with matplotlib.rc_context({"font.family": family, "axes.unicode_minus": False}):
        own = ax is None
        ax = _figure(drawn, over_time) if ax is None else ax
        _lines(ax, report, drawn) if over_time else _bars(ax, drawn)
        ax.set_title(report.title)
        if len(drawn.series) > 1:
            legend = ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1), fontsize="small")
            for text in legend.get_texts():
                # Two dollar signs in a name are no formula.
                text.set_parse_math(False)
        # The texts of an axes that was there before have the font, too, and so have labels of ticks that are made later.
        for text in (ax.title, ax.xaxis.label, ax.yaxis.label):
            text.set_fontfamily(family)
        ax.tick_params(labelfontfamily=family)
        if own and ax.figure is not None:
            notes = "；".join(report.notes)
            lines = [notes] if len(notes) <= _LINE else report.notes
            ax.figure.supxlabel("\n".join(line for note in lines for line in textwrap.wrap(note, _LINE)), fontsize="x-small", color="0.35")
    return ax
