"""The shared vectors: the same files as every host, by text, by values and typed."""

from __future__ import annotations

import json
from typing import Any

import pytest

import menjie
from conftest import vector_cases
from menjie import _core, contract, operations

CASES = list(vector_cases())


def test_there_are_vectors() -> None:
    assert len(CASES) > 300
    assert {op for _, op, _ in CASES} <= {name for name, *_ in _core.operations()}


def _at(op: str, root: object) -> Any:
    """The typed method of an operation."""
    *area, verb = op.split(".")
    holder = getattr(root, "_".join(area)) if area else root
    return getattr(holder, verb)


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{file}/{case['name']}" for file, _, case in CASES])
def test_vector(number: int, staged: str) -> None:
    _, op, case = CASES[number]
    text = case["request_text"] if "request_text" in case else json.dumps(case["request"], ensure_ascii=False)
    text = text.replace("$files", staged)
    if "error" in case:
        with pytest.raises(menjie.MenjieError) as failed:
            _core.call(op, text)
        error = failed.value
        assert error.code == case["error"]["code"]
        assert case["error"].get("context", {}).items() <= error.context.items()
        assert error.kind and error.retry and error.message
        if "request" in case:
            with pytest.raises(menjie.MenjieError) as again:
                menjie.call(op, json.loads(text))
            assert (again.value.code, again.value.context) == (error.code, error.context)
        return
    assert json.loads(_core.call(op, text)) == case["response"]
    if op.startswith("seal."):
        # Their cases run once, in order.
        return
    request = json.loads(text)
    assert menjie.call(op, request) == case["response"]
    pure = operations.PureAreas(menjie._call)
    typed = _at(op, pure)(request)
    assert menjie._wire.decode(menjie._wire.encode(typed)) == case["response"]


def test_requests_and_responses_are_read_as_types() -> None:
    group = next(case for _, op, case in CASES if op == "bill.group" and "response" in case)
    request = contract.BillGroupRequest.from_json(group["request"])
    response = menjie.bill.group(request)
    assert isinstance(response, contract.BillGroupResponse)
    assert response.to_json() == group["response"]
    assert menjie.bill.group(**request.__dict__) == response
