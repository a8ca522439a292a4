"""Amounts: whole fen (分) in the contract, exact decimals in yuan (元) for people. Never binary floating point."""

from __future__ import annotations

from decimal import Context, Decimal, InvalidOperation
from typing import Union

__all__ = ["yuan", "fen"]

_CENT = Decimal("0.01")
# Wide enough for every amount of the contract; nothing is ever rounded by it.
_EXACT = Context(prec=60)


def yuan(fen: int) -> Decimal:
    """An amount in yuan, exactly: ``yuan(12132)`` is ``Decimal("121.32")``."""
    if isinstance(fen, bool) or not hasattr(fen, "__index__"):
        raise TypeError(f"fen must be int, not {type(fen).__name__}")
    return Decimal(f"{int(fen)}E-2")


def fen(yuan: Union[Decimal, str, int]) -> int:
    """An amount in whole fen: ``fen("121.32")`` is ``12132``.

    A float is refused, because 0.07 is none of its numbers; so is what has more than two decimals.
    """
    if isinstance(yuan, (bool, float)) or not isinstance(yuan, (Decimal, str, int)):
        raise TypeError(f"yuan must be Decimal, str or int, not {type(yuan).__name__}: a float is not exact")
    try:
        amount = Decimal(yuan)
        cents = amount.quantize(_CENT, context=_EXACT)
    except InvalidOperation:
        raise ValueError("yuan must be a decimal number") from None
    if not amount.is_finite():
        raise ValueError("yuan must be a decimal number")
    if cents != amount:
        raise ValueError("yuan must have at most two decimals")
    return int(cents.scaleb(2, context=_EXACT))
