"""Partials (汇总中间结果): facts that are added up already, to be kept, merged and finished."""

from __future__ import annotations

import json
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence

from .. import _core
from .._wire import decode, encode
from ..batches import streams
from ..errors import bad_request

_OP = "report.run_batch"


class Partial:
    """What reports need of some facts, as the core wrote it; its inside is not for reading.

    It holds no names or numbers of patients, but departments, doctors and diseases: as confidential as the visits in it. It may be pickled,
    and ``to_bytes`` is what every host of menjie takes as a partial. Equal facts under one key are equal partials.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        # Whoever has a text that nobody has looked at yet takes `from_bytes`.
        self._text = text

    @classmethod
    def from_bytes(cls, data: bytes) -> Partial:
        """One that was kept. What is damaged, or of another version, is refused."""
        try:
            value = json.loads(bytes(data))
        except (ValueError, RecursionError):
            raise bad_request("partial", "is no JSON text") from None
        partial = cls(encode(value))
        answered({}, [partial], None, {})
        return partial

    def to_bytes(self) -> bytes:
        """To be kept: JSON, in UTF-8."""
        return self._text.encode()

    def __eq__(self, other: object) -> bool:
        return self._text == other._text if isinstance(other, Partial) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return f"<menjie partial of reports, {len(self._text)} characters>"


def named(movements: Any, visits: Any, charges: Any, refunds: Any) -> Dict[str, Any]:
    """The tables that are given."""
    tables = {"movements": movements, "visits": visits, "charges": charges, "refunds": refunds}
    return {name: table for name, table in tables.items() if table is not None}


def answered(request: Mapping[str, Any], partials: Sequence[Partial], patient_key: Optional[str], tables: Mapping[str, Any]) -> Dict[str, Any]:
    """The response of ``report.run_batch``."""
    for at, partial in enumerate(partials):
        if not isinstance(partial, Partial):
            raise TypeError(f"partials[{at}] must be a Partial, not {type(partial).__name__}")
    text = encode({**request, "patient_key": patient_key})
    # Partials are texts of JSON already, and may be long.
    text = f'{text[:-1]},"partials":[{",".join(partial._text for partial in partials)}]}}'
    response, _ = _core.call_batch(_OP, text, streams(tables))
    found: Dict[str, Any] = decode(response)
    return found


def fold(
    *,
    movements: Optional[Any] = None,
    visits: Optional[Any] = None,
    charges: Optional[Any] = None,
    refunds: Optional[Any] = None,
    patient_key: Optional[str] = None,
) -> Partial:
    """Adds facts up into a partial. Frames of Dask are folded where their partitions are.

    ``patient_key`` is needed where visits name patients: 32 to 128 hexadecimal digits, a secret of the hospital. Partials merge only under the
    same key, so each patient is counted once however the visits were split.
    """
    tables = named(movements, visits, charges, refunds)
    from . import _dask

    if any(map(_dask.is_lazy, tables.values())):
        return _dask.fold(tables, patient_key)
    return kept([], patient_key, tables)


def merge(partials: Iterable[Partial]) -> Partial:
    """One partial of many, in any order: exactly what folding all their facts at once would give."""
    given: List[Partial] = list(partials)
    if not given:
        raise ValueError("there are no partials to merge")
    return kept(given, None, {})


def kept(partials: Sequence[Partial], patient_key: Optional[str], tables: Mapping[str, Any]) -> Partial:
    """The partial of all of these."""
    return Partial(encode(answered({"keep": True}, partials, patient_key, tables)["partial"]))

