"""Gateways: a HIS, payment channel, insurer, invoice platform, notifier, or keeper of the log's second copy, written in Python.

A gateway is any object with a method for each question of its port (docs/contract/ports.md): the HIS is asked ``unpaid`` for ``his.unpaid``.
A method is given the request as a dict and the :class:`Question`, and returns the ``value`` of the answer: a dict, a list, a dataclass of the
contract, or None where there is none. It may be a coroutine function. What it may raise:

- :class:`Refused`: the counterpart understood and said no: **nothing happened there**;
- :class:`Unsent`: nothing left this machine;
- anything else, a deadline that passes and a value that cannot be read mean *unknown*: nobody knows what happened. A time-out is unknown.

An act is repeated: ``question.attempt`` counts from 1, and the business number in the request is the same. Look the number up first.
Within a method only what needs no engine may be called.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional, Set

from . import _core
from ._wire import decode, encode
from .errors import misuse

__all__ = ["Question", "Refused", "Unsent"]

PORTS = ("his", "channel", "insurer", "invoice", "notifier", "log")
"""The ports that a program may have."""

_within: ContextVar[bool] = ContextVar("menjie_within_gateway", default=False)
# Codes of counterparts are no longer than this.
_LONGEST_CODE = 64


def outside() -> None:
    """Refuses what must not be done from within a gateway: it could wait for the call that the question is a part of."""
    if _within.get():
        raise misuse(16, "an engine must not be called from within a gateway", field="gateway")


class _Said(Exception):
    outcome = ""

    def __init__(self, code: str, text: str = "") -> None:
        """``code`` is the counterpart's own, ``text`` is for staff; neither holds names or numbers of patients."""
        super().__init__(code, text)
        self.code = code
        self.text = text


class Refused(_Said):
    """The counterpart understood and said no: nothing happened there. Never for a time-out."""

    outcome = "refused"


class Unsent(_Said):
    """Nothing left this machine: no connection, no paper, a queue that is full."""

    outcome = "unsent"


@dataclass(frozen=True)
class Question:
    """What is asked, beside the request.

    Attributes:
        method: Its whole name, e.g. ``his.unpaid``.
        hospital: For which hospital; empty for the log, which is one for all.
        channel: Of which payment channel; empty for other ports.
        attempt: Which attempt under its business number, from 1.
        timeout: After so many seconds nobody waits any more.
    """

    method: str
    hospital: str
    channel: str
    attempt: int
    timeout: float


class Gateways:
    """The gateways of an engine, and the loop on which their coroutines run: the one given, or one of its own."""

    def __init__(self, ports: Mapping[str, object], loop: Optional[asyncio.AbstractEventLoop] = None) -> None:
        self._ports = {name: port for name, port in ports.items() if port is not None}
        self._loop = loop
        self._thread: Optional[threading.Thread] = None
        self._lock = threading.Lock()
        # A task that nobody holds may be collected before it is done.
        self._tasks: Set[Any] = set()

    @property
    def names(self) -> list[str]:
        """The ports that there are."""
        return list(self._ports)

    def ask(self, port: str, channel: str, hospital: str, method: str, attempt: int, timeout_ms: int, request: str, reply: _core.Reply) -> None:
        """Puts a question to its gateway, on a thread of the engine."""
        function = getattr(self._ports[port], method.split(".", 1)[1], None)
        if function is None:
            reply.answer(_said("unsent", "no_method", "the gateway has no such method"))
            return
        question = Question(method, hospital, channel, attempt, timeout_ms / 1000)
        token = _within.set(True)
        try:
            value = function(decode(request), question)
            if inspect.isawaitable(value):
                done = asyncio.run_coroutine_threadsafe(self._awaited(value, question, reply), self._running())
                self._tasks.add(done)
                done.add_done_callback(self._tasks.discard)
                return
            answer = _done(value)
        except BaseException as error:
            # Also what would end a program: this thread is the engine's, and somebody waits.
            answer = _raised(error)
        finally:
            _within.reset(token)
        _answer(reply, answer)

    async def _awaited(self, value: Any, question: Question, reply: _core.Reply) -> None:
        _within.set(True)
        try:
            answer = _done(await asyncio.wait_for(value, question.timeout))
        except Exception as error:
            answer = _raised(error)
        except BaseException as error:
            _answer(reply, _raised(error))
            raise
        _answer(reply, answer)

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="menjie-gateway", daemon=True)
                self._thread.start()
            return self._loop

    def close(self) -> None:
        """Ends the loop, if it is one of its own."""
        with self._lock:
            thread, loop = self._thread, self._loop
            self._thread = None
        if thread is not None and loop is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(5)
            if not thread.is_alive():
                loop.close()


def _answer(reply: _core.Reply, answer: str) -> None:
    try:
        reply.answer(answer)
    except ValueError:
        # Half a surrogate pair somewhere in it.
        reply.answer(_said("unknown", "not_text", "the answer is no text"))


def _said(outcome: str, code: str, text: str) -> str:
    return encode({"outcome": outcome, "value": {"code": code, "text": text}})


def _done(value: Any) -> str:
    answer: Dict[str, Any] = {"outcome": "done"}
    if value is not None:
        answer["value"] = value
    return encode(answer)


def _raised(error: BaseException) -> str:
    """What an exception means. Of one that is not ours only the class is told: its text may hold personal data."""
    if isinstance(error, _Said):
        try:
            return _said(error.outcome, error.code, error.text)
        except ValueError:
            pass
    name = type(error).__name__
    ascii_name = name if name.isascii() else "exception"
    return _said("unknown", ascii_name[:_LONGEST_CODE], "the gateway raised an exception")
