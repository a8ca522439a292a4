"""Engines: the hospital's server, or one of this process, behind calls that block."""

from __future__ import annotations

import asyncio
import atexit
import os
import weakref
from typing import Any, Dict, Mapping, Optional, Sequence, Union

from . import _core
from ._wire import decode, encode, request_of
from .errors import misuse
from .gateway import Gateways, outside
from .operations import Areas

__all__ = ["Client", "open", "patient", "staff"]

Config = Union[str, Mapping[str, Any]]
Caller = Mapping[str, Any]

# How long closing waits for what is under way, in seconds.
PATIENCE = 60.0
# At the end of the interpreter.
_SHORTLY = 2.0


class Engine:
    """An engine with its gateways; clients share it."""

    def __init__(self, config: Config, gateways: Gateways, threads: int) -> None:
        outside()
        text = config if isinstance(config, str) else encode(config)
        self._gateways = gateways
        self._process = os.getpid()
        self._native = _core.Engine(text, gateways.ask, gateways.names, threads) if gateways.names else _core.Engine(text)
        _open.add(self)

    def call(self, op: str, request: Any, caller: Optional[Caller]) -> Any:
        """Runs an operation: values in, values out."""
        outside()
        return decode(self._native.call(op, encode(request), None if caller is None else encode(caller)))

    def here(self) -> None:
        """Refuses to work in a child of the process that made it."""
        if self._process != os.getpid():
            raise misuse(12, "it was made before fork: its threads are not in this process; make another one here", field="engine", cause="fork")

    @property
    def is_open(self) -> bool:
        """Can it be called?"""
        return self._native.is_open

    def counts(self) -> Optional[Dict[str, int]]:
        """What the gateways were asked so far."""
        return self._native.counts()

    def close(self, patience: float) -> None:
        """Ends it."""
        outside()
        self.here()
        try:
            self._native.close(patience)
        finally:
            self._gateways.close()
            _open.discard(self)


_open: "weakref.WeakSet[Engine]" = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    # Threads that ask gateways need the interpreter, which is about to go.
    for engine in list(_open):
        if engine.is_open:
            try:
                engine.close(_SHORTLY)
            except Exception:
                # Nobody is left who could be told.
                continue


def patient(patient_id: str, *, hospital: Optional[str] = None) -> Dict[str, Any]:
    """A patient as the caller of operations; the program has found out who it is."""
    return _of_hospital({"patient": patient_id}, hospital)


def staff(staff_id: str, *, roles: Sequence[str] = (), departments: Sequence[str] = (), hospital: Optional[str] = None) -> Dict[str, Any]:
    """A member of staff as the caller, with his roles and departments."""
    return _of_hospital({"staff": staff_id, "roles": list(roles), "departments": list(departments)}, hospital)


def _of_hospital(caller: Dict[str, Any], hospital: Optional[str]) -> Dict[str, Any]:
    if hospital is not None:
        caller["hospital"] = hospital
    return caller


class Client(Areas):
    """Calls operations through an engine, by name (:meth:`call`) or typed by area (``client.settlement.pay(...)``).

    Any number of threads may use one. It is a context manager; :meth:`close` may be called twice.
    """

    def __init__(self, engine: Engine, caller: Optional[Caller] = None) -> None:
        self._engine = engine
        self._caller = caller
        super().__init__(self._run)

    def _run(self, op: str, request: Any, /) -> Any:
        return self._engine.call(op, request, self._caller)

    def call(self, op: str, request: Optional[Any] = None, /, **members: Any) -> Any:
        """Calls an operation by its name; the request is a dict, a dataclass, or keyword arguments, the response a dict."""
        return self._run(op, request_of(request, members))

    def as_patient(self, patient_id: str, *, hospital: Optional[str] = None) -> Client:
        """The same engine, called for a patient whom the program has identified."""
        return Client(self._engine, patient(patient_id, hospital=hospital))

    def as_staff(self, staff_id: str, *, roles: Sequence[str] = (), departments: Sequence[str] = (), hospital: Optional[str] = None) -> Client:
        """The same engine, called for a member of staff."""
        return Client(self._engine, staff(staff_id, roles=roles, departments=departments, hospital=hospital))

    @property
    def is_open(self) -> bool:
        """Can it be called?"""
        return self._engine.is_open

    def counts(self) -> Optional[Dict[str, int]]:
        """What the gateways were asked so far: ``asked``, ``busy``, ``overdue``, ``unreadable``, ``unwanted``; None without gateways."""
        return self._engine.counts()

    def close(self, patience: float = PATIENCE) -> None:
        """Ends the engine, for all that share it: waits for calls that are under way and for gateways to come back."""
        self._engine.close(patience)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<menjie client, {'open' if self.is_open else 'closed'}>"


def open(
    config: Config,
    *,
    his: Optional[object] = None,
    channel: Optional[object] = None,
    insurer: Optional[object] = None,
    invoice: Optional[object] = None,
    notifier: Optional[object] = None,
    log: Optional[object] = None,
    threads: int = 4,
    loop: Optional[asyncio.AbstractEventLoop] = None,
) -> Client:
    """Opens an engine.

    ``{"server": {"url": "https://…", "token": "…"}}`` has the hospital's server run what is not computed here; ``{"store": …, "log": …,
    "hospitals": […]}`` (docs/config.md) makes an engine of this process. Not both: a hospital has one ledger.

    Args:
        config: The configuration, as a dict or as JSON.
        his: A HIS of your own (:mod:`menjie.gateway`); ``host`` in the configuration says what it can do.
        channel: A payment channel of your own; ``question.channel`` tells which, when there are several.
        insurer: An insurer of your own.
        invoice: An invoice platform of your own.
        notifier: Message gateways of your own.
        log: Keeps the second copy of the sealed log (``copy``), which ``"log": {"copy": {}}`` of the configuration asks for.
        threads: On so many threads gateways are asked.
        loop: Where coroutines of gateways run; a thread of their own otherwise.
    """
    ports: Dict[str, Any] = {"his": his, "channel": channel, "insurer": insurer, "invoice": invoice, "notifier": notifier, "log": log}
    return Client(Engine(config, Gateways(ports, loop), threads))
