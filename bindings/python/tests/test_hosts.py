"""Hosts compared on random requests: this package by text and by values, the npm package, the C library and the terminal answer alike, to the last
word of every failure. ``MENJIE_HOSTS_EXAMPLES=2000`` looks longer."""

from __future__ import annotations

import json
import os
from typing import Any, Iterator, List

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import drawn
import hosts

EXAMPLES = int(os.environ.get("MENJIE_HOSTS_EXAMPLES", "40"))
OPERATIONS = sorted(hosts.Python().operations)
# A process for each request is slow.
TERMINAL_EXAMPLES = max(EXAMPLES // 20, 1)


@pytest.fixture(scope="module")
def every() -> Iterator[List[Any]]:
    opened = hosts.opened()
    yield opened
    for host in opened:
        if isinstance(host, hosts.Node):
            host.close()


def _examples(most: int) -> settings:
    # By default the same ones each time: a run that looks longer also looks elsewhere.
    return settings(max_examples=most, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize="MENJIE_HOSTS_EXAMPLES" not in os.environ)


def _alike(op: str, request: str, others: List[Any]) -> hosts.Envelope:
    python = hosts.Python()
    wanted = python.answer(op, request)
    assert wanted.get("error", {}).get("code") not in (900, 901), wanted
    for host in others:
        assert exact(host.answer(op, request)) == exact(wanted), host.name
    try:
        values = json.loads(request)
    except ValueError:
        return wanted
    # Values have each key once and no form: what is another text of the same values is not compared.
    if isinstance(values, dict) and json.dumps(values, ensure_ascii=False, separators=(",", ":")) == request:
        assert exact(python.answer_values(op, values)) == exact(wanted), "values"
    return wanted


def exact(envelope: hosts.Envelope) -> str:
    """So that 1, 1.0 and True, 0.0 and -0.0 are told apart."""
    return json.dumps(envelope, sort_keys=True)


def test_hosts_have_the_same_operations(every: List[Any]) -> None:
    python, node, library, terminal = every
    assert python.operations == node.operations == terminal.operations
    # The C library in its default form has no payment channel.
    assert library.operations == python.operations - {"channel.wechat.verify"}


@pytest.mark.parametrize("op", OPERATIONS)
def test_hosts_answer_alike(op: str, every: List[Any]) -> None:
    python, node, library, terminal = every
    others = [host for host in (node, library) if op in host.operations]
    answered = set()

    @_examples(EXAMPLES)
    @given(drawn.requests(op))
    def hold(request: str) -> None:
        answered.add(next(iter(_alike(op, request, others))))

    @_examples(TERMINAL_EXAMPLES)
    @given(drawn.requests(op))
    def hold_in_the_terminal(request: str) -> None:
        _alike(op, request, [terminal])

    hold()
    hold_in_the_terminal()
    # Both ways were walked: requests that were all refused compare nothing but messages.
    assert answered == {"response", "error"}, answered


@_examples(EXAMPLES * 5)
@given(st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=True), st.text())
def test_numbers_come_back_to_the_last_bit(every: List[Any], number: float, text: str) -> None:
    request = json.dumps({"value": {"n": [number, -number], "t": text}}, ensure_ascii=False, separators=(",", ":"))
    told = _alike("echo", request, every[1:3])
    assert exact(told) == exact({"response": json.loads(request)})
