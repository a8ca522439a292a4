"""Amounts, values that JSON has no word for, and every wrong one."""

from __future__ import annotations

import datetime
import pickle
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import menjie
from menjie import contract, fen, yuan
from menjie._wire import encode

AMOUNT = st.integers(-(10**10), 10**10)


@given(AMOUNT)
def test_yuan_and_fen_are_each_others_inverse(amount: int) -> None:
    shown = yuan(amount)
    assert isinstance(shown, Decimal) and shown * 100 == amount and shown.as_tuple().exponent == -2
    assert fen(shown) == fen(str(shown)) == amount


@pytest.mark.parametrize("wrong", [0.07, 1.0, float("nan"), True, None, b"1", [1]])
def test_a_float_is_no_amount(wrong: Any) -> None:
    with pytest.raises(TypeError):
        fen(wrong)
    with pytest.raises(TypeError):
        yuan("1.5" if wrong is None else wrong)


@pytest.mark.parametrize("wrong", ["12.345", "NaN", "Infinity", "-Infinity", "1e999999999", "一元", "", "1e-3", "9" * 200 + ".001"])
def test_what_is_no_amount_in_fen_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError):
        fen(wrong)


@pytest.mark.parametrize("wrong", [1.5, 100.0, 1e300, 2**53 + 1, "12.345", Decimal("1.5"), True, None, 10**40])
def test_a_wrong_amount_names_its_field(wrong: Any) -> None:
    with pytest.raises((menjie.MisuseError, menjie.ValidationError)) as refused:
        menjie.call("invoice.amount_in_words", {"amount_fen": wrong})
    assert refused.value.context["field"] == "amount_fen" or refused.value.code == 101
    with pytest.raises(ValueError):
        menjie.invoice.amount_in_words({"amount_fen": wrong})


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), {1, 2}, b"x", object(), datetime.datetime(2026, 3, 1)])
def test_what_json_cannot_say_names_its_field(wrong: Any) -> None:
    with pytest.raises(menjie.MisuseError) as refused:
        menjie.call("echo", {"value": [{"deep": wrong}]})
    assert refused.value.code == 2 and refused.value.context["field"] == "value[0].deep"


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"张三 440599199003070058": {1, 2}}, "value.?"),
        ({"a": {"b-1": {"张三 440599199003070058": {1, 2}}}}, "value.a.b-1.?"),
        ({"张三 440599199003070058": [{"_a": {1, 2}}]}, "value.?[0]._a"),
        ({"440599199003070058": {1, 2}}, "value.?"),
        ({"name\n": {1, 2}}, "value.?"),
        ({"": {1, 2}}, "value.?"),
        ({"a" * 64: {1, 2}}, "value." + "a" * 64),
        ({"a" * 65: {1, 2}}, "value.?"),
        ({"张三 440599199003070058": {7: {1, 2}}}, "value.?"),
        ({"张三 440599199003070058": contract.EchoRequest(value={"李四": {1, 2}})}, "value.?.value.?"),
    ],
)
def test_keys_of_a_wrong_value_are_shown_only_if_they_are_identifiers(value: Any, field: str) -> None:
    """As the bridge and the Node package show them (bindings/bridge/src/problem.rs)."""
    for call in (lambda: menjie.call("echo", {"value": value}), lambda: menjie.call("echo", value=value), lambda: menjie.call("echo", contract.EchoRequest(value=value))):
        with pytest.raises(menjie.MisuseError) as refused:
            call()
        assert refused.value.context["field"] == field
    with pytest.raises(menjie.MisuseError) as first:
        menjie.call("echo", value)
    assert first.value.context["field"] == field[len("value.") :]


def test_endless_values_are_refused() -> None:
    circle: Any = []
    circle.append(circle)
    deep: Any = None
    for _ in range(100_000):
        deep = [deep]
    for endless in (circle, deep, {"a": circle}):
        with pytest.raises(menjie.MisuseError):
            menjie.call("echo", {"value": endless})


def test_decimals_dates_and_numbers_of_other_libraries_are_written() -> None:
    import numpy

    now = datetime.datetime(2026, 3, 1, 8, tzinfo=datetime.timezone(datetime.timedelta(hours=8)))
    value = {"price": Decimal("3.2650"), "tiny": Decimal("1E-6"), "day": now.date(), "at": now, "count": numpy.int64(7)}
    shown = {"price": "3.2650", "tiny": "0.000001", "day": "2026-03-01", "at": "2026-03-01T08:00:00+08:00", "count": 7}
    assert menjie.call("echo", value=value)["value"] == shown


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None)
@given(JSON)
def test_values_come_back_as_they_went(value: Any) -> None:
    assert menjie.call("echo", {"value": value}) == {"value": value}


LINE = st.fixed_dictionaries({"price": st.integers(0, 10**9).map(lambda n: f"{n // 10**4}.{n % 10**4:04}"), "quantity": st.integers(1, 99).map(str)})


@settings(deadline=None)
@given(st.lists(LINE, min_size=1, max_size=6))
def test_totals_are_those_of_exact_decimals(lines: Any) -> None:
    """The core's rounding against that of Python's decimals."""
    response = menjie.bill.total(lines=lines)
    exact = [Decimal(line["price"]) * Decimal(line["quantity"]) for line in lines]
    wanted = sum(int((amount * 100).quantize(Decimal(1), rounding="ROUND_HALF_UP")) for amount in exact)
    assert response.total_fen == wanted and response.total_yuan == yuan(wanted)


@settings(deadline=None)
@given(st.text(max_size=30), st.sampled_from(["name", "id_no", "phone", "card"]))
def test_the_typed_and_the_named_way_are_one(text: str, kind: Any) -> None:
    try:
        named: Any = menjie.call("text.mask", kind=kind, text=text)
    except menjie.MenjieError as error:
        with pytest.raises(type(error)):
            menjie.text.mask(kind=kind, text=text)
        return
    assert menjie.text.mask(kind=kind, text=text).to_json() == named


def test_errors_are_of_their_kind_and_travel() -> None:
    with pytest.raises(menjie.MisuseError) as refused:
        menjie.call("bill.grup", {})
    error = refused.value
    assert (error.code, error.kind, error.retry, error.context) == (1, "misuse", "never", {})
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is menjie.MisuseError and copy.__dict__ == error.__dict__ and str(copy) == str(error)
    assert issubclass(menjie.UnknownOutcomeError, (TimeoutError, menjie.CounterpartError))
    assert issubclass(menjie.NotFoundError, LookupError) and issubclass(menjie.ValidationError, ValueError)
    kinds = {kind: menjie.errors.error_of(encode({"code": 1, "kind": kind, "retry": "never", "message": "m", "context": {}})) for kind in menjie.errors._KINDS}
    assert {kind: type(error) for kind, error in kinds.items()} == menjie.errors._KINDS
    unknown = menjie.errors.error_of(encode({"code": 711, "kind": "counterpart", "retry": "after_query", "message": "m", "context": {}}))
    assert isinstance(unknown, menjie.UnknownOutcomeError)
    newer = menjie.errors.error_of(encode({"code": 999, "kind": "of_tomorrow", "retry": "never", "message": "m", "context": {}}))
    assert type(newer) is menjie.MenjieError


def test_a_request_is_one_thing() -> None:
    with pytest.raises(TypeError):
        menjie.call("echo", {"value": 1}, value=2)
    with pytest.raises(TypeError):
        menjie.bill.total({"lines": []}, lines=[])
    with pytest.raises(TypeError):
        menjie.bill.total("{}")
