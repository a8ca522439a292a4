"""Reports of a hospital (业务报表) over DataFrames, answered by the core: the same numbers as every other host, none computed here.

Facts are tables of pandas, polars, pyarrow, DuckDB, or whatever else has ``__arrow_c_stream__``; frames of Dask are folded where their
partitions are. Columns: docs/contract/batches.md; definitions: docs/reports.md.

- One report: ``finance``, ``volumes``, ``ages``, ``diseases``, and ``run`` for every report that there is; ``run_all`` for several at once.
- Facts that come bit by bit: ``fold`` → ``Partial``, ``merge``, ``finish``.
- What comes out: :class:`Report`, with exact tables, ``plot``, ``to_csv``, ``to_xlsx``; ``write_xlsx`` for several in one file.

A refund is negative on its own day. Ages and diseases do not show what tells of fewer than five people, unless ``min_cell`` says otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Mapping, Optional, Sequence, Union

from ._files import write_xlsx
from ._partial import Partial, answered, fold, merge, named
from ._result import Frame, Report

if TYPE_CHECKING:
    from datetime import date

    from .. import contract

    Query = Union[contract.ReportQuery, Mapping[str, Any]]
    Day = Union[date, str]

__all__ = ["Frame", "Partial", "Report", "ages", "diseases", "finance", "finish", "fold", "merge", "run", "run_all", "volumes", "write_xlsx"]


def run(
    query: Query,
    *,
    movements: Optional[Any] = None,
    visits: Optional[Any] = None,
    charges: Optional[Any] = None,
    refunds: Optional[Any] = None,
    partials: Iterable[Partial] = (),
    patient_key: Optional[str] = None,
) -> Report:
    """One report of facts, of partials, or of both together.

    ``query`` is a ``menjie.contract.ReportQuery`` or a dict with its members: ``run({"report": "closing", "from": "2026-01-01", "to":
    "2026-01-31"}, movements=frame)``. ``patient_key`` (see :func:`fold`) is only needed beside partials.
    """
    return run_all([query], movements=movements, visits=visits, charges=charges, refunds=refunds, partials=partials, patient_key=patient_key)[0]


def run_all(
    queries: Iterable[Query],
    *,
    movements: Optional[Any] = None,
    visits: Optional[Any] = None,
    charges: Optional[Any] = None,
    refunds: Optional[Any] = None,
    partials: Iterable[Partial] = (),
    patient_key: Optional[str] = None,
) -> List[Report]:
    """Several reports, in the order of the queries; the facts are read once."""
    tables, others = named(movements, visits, charges, refunds), list(partials)
    from . import _dask

    if any(map(_dask.is_lazy, tables.values())):
        if patient_key is None and visits is not None and not others:
            # A key of this one run is enough: nothing is kept.
            from secrets import token_hex

            patient_key = token_hex(32)
        others.append(_dask.fold(tables, patient_key))
        tables, patient_key = {}, None
    response = answered({"queries": list(queries)}, others, patient_key, tables)
    return [Report(table) for table in response["tables"]]


def finish(partial: Partial, query: Query) -> Report:
    """A report of a partial, which may be asked as often as one likes."""
    return run(query, partials=[partial])


def _asked(report: str, from_: Day, to: Day, facts: Mapping[str, Any], **members: Any) -> Report:
    given: Dict[str, Any] = {key: member for key, member in members.items() if member is not None}
    query = {"report": report, "from": from_, "to": to, **given}
    kind, first = next(iter(facts.items()))
    if first is None:
        raise TypeError(f"{kind} must be a table or a Partial, not None")
    if not isinstance(first, Partial):
        return run(query, **facts)
    for name, table in list(facts.items())[1:]:
        if table is not None:
            raise TypeError(f"{name} are in the partial already, or in one of their own: merge(…)")
    return finish(first, query)


def finance(
    movements: Any,
    from_: Day,
    to: Day,
    *,
    by: Optional[Sequence[contract.ReportAxis]] = None,
    channels: Optional[Sequence[str]] = None,
    businesses: Optional[Sequence[contract.ReportBusiness]] = None,
    terminals: Optional[Sequence[str]] = None,
    insurance: Optional[Sequence[contract.ReportInsuranceClass]] = None,
) -> Report:
    """移动支付收款汇总表 (``receipts``): money in, money back, funds, cash, fees; from ``from_`` to ``to``, both days included.

    ``movements`` is a table of movements or a :class:`Partial`. ``by``: ``day``, ``week`` or ``month``, ``channel``, ``business``, ``insurance``
    (the payer), ``exec_dept``, ``order_dept``, ``terminal`` (the operator or terminal); by day, channel and business when left out.
    """
    facts = {"movements": movements}
    return _asked("receipts", from_, to, facts, by=by, channels=channels, businesses=businesses, terminals=terminals, insurance=insurance)


def volumes(
    visits: Any,
    from_: Day,
    to: Day,
    *,
    charges: Optional[Any] = None,
    by: Optional[Sequence[contract.ReportAxis]] = None,
    insurance: Optional[Sequence[contract.ReportInsuranceClass]] = None,
) -> Report:
    """门诊量与挂号量统计 (``volume``): registrations, visits, patients; with ``charges``, income by visit and the share of drugs.

    ``visits`` is a table of visits or a :class:`Partial`. ``by``: ``day``, ``week`` or ``month``, ``dept``, ``doctor``. Patients are counted once in
    each row and never add up.
    """
    return _asked("volume", from_, to, {"visits": visits, "charges": charges}, by=by, insurance=insurance)


def ages(
    visits: Any,
    from_: Day,
    to: Day,
    *,
    bands: Optional[Sequence[int]] = None,
    insurance: Optional[Sequence[contract.ReportInsuranceClass]] = None,
    min_cell: Optional[int] = None,
) -> Report:
    """患者年龄分布 (``ages``): visits by age band, sex and payer.

    ``visits`` is a table of visits or a :class:`Partial`. ``bands`` are lower bounds from 0 on, e.g. ``[0, 7, 13, 18, 45, 60, 75]``. What tells of fewer
    people than ``min_cell`` (5 when left out) is hidden; 0 shows everything, for eyes inside the hospital.
    """
    return _asked("ages", from_, to, {"visits": visits}, bands=bands, insurance=insurance, min_cell=min_cell)


def diseases(
    visits: Any,
    from_: Day,
    to: Day,
    *,
    level: Optional[contract.DiseaseLevel] = None,
    top: Optional[int] = None,
    insurance: Optional[Sequence[contract.ReportInsuranceClass]] = None,
    min_cell: Optional[int] = None,
) -> Report:
    """疾病谱 (``diseases``): visits and patients by primary diagnosis, by ``category`` (F20), ``block`` or ``chapter``; the ``top`` 20 when left out.

    ``visits`` is a table of visits or a :class:`Partial`. Diseases of fewer people than ``min_cell`` (5 when left out) are in the row 其他; 0 shows
    everything, for eyes inside the hospital.
    """
    return _asked("diseases", from_, to, {"visits": visits}, level=level, top=top, insurance=insurance, min_cell=min_cell)
