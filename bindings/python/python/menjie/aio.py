"""The same for asyncio: calls wait on threads of a bounded pool, so the loop goes on.

To cancel a call is to stop waiting for it: what was sent is not called back.
"""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Dict, Optional, Sequence, TypeVar

from . import _core
from ._wire import decode, encode, request_of
from .batches import BatchResult
from .batches import batch as _batch
from .client import PATIENCE, Caller, Config, Engine, patient, staff
from .errors import misuse
from .gateway import Gateways, outside
from .operations import AsyncAreas, AsyncPureAreas

__all__ = ["AsyncClient", "open", "call", "batch", "pure"]

_T = TypeVar("_T")

# Threads on which operations wait that need no engine.
_THREADS = min(8, (os.cpu_count() or 1) + 1)
_pool: Optional[ThreadPoolExecutor] = None


def _forget_pool() -> None:
    # Its threads are not in a child.
    global _pool
    _pool = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)


async def _on_pool(run: Callable[[], _T]) -> _T:
    global _pool
    if _pool is None:
        _pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="menjie-aio")
    return await asyncio.get_running_loop().run_in_executor(_pool, run)


async def _alone(op: str, request: Any, /) -> Any:
    text = encode(request)
    return decode(await _on_pool(lambda: _core.call(op, text)))


async def call(op: str, request: Optional[Any] = None, /, **members: Any) -> Any:
    """Calls an operation that needs no engine, by its name."""
    return await _alone(op, request_of(request, members))


async def batch(op: str, request: Optional[Any] = None, /, **tables: Any) -> BatchResult:
    """Runs an operation over tables (:func:`menjie.batch`)."""
    return await _on_pool(lambda: _batch(op, request, **tables))


pure = AsyncPureAreas(_alone)
"""Typed operations that need no engine: ``await menjie.aio.pure.bill.group(...)``."""


class AsyncClient(AsyncAreas):
    """Calls operations through an engine: ``await client.settlement.pay(...)``. An asynchronous context manager."""

    def __init__(self, engine: Engine, pool: ThreadPoolExecutor, caller: Optional[Caller] = None) -> None:
        self._engine = engine
        self._pool = pool
        self._caller = caller
        super().__init__(self._run)

    async def _run(self, op: str, request: Any, /) -> Any:
        # The threads of the pool know nothing of the gateway that a coroutine stands in, and a child has none of them.
        outside()
        self._engine.here()
        if not self._engine.is_open:
            raise misuse(12, "it was closed", field="engine")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._engine.call, op, request, self._caller)

    async def call(self, op: str, request: Optional[Any] = None, /, **members: Any) -> Any:
        """Calls an operation by its name; the request is a dict, a dataclass, or keyword arguments, the response a dict."""
        return await self._run(op, request_of(request, members))

    def as_patient(self, patient_id: str, *, hospital: Optional[str] = None) -> AsyncClient:
        """The same engine, called for a patient whom the program has identified."""
        return AsyncClient(self._engine, self._pool, patient(patient_id, hospital=hospital))

    def as_staff(self, staff_id: str, *, roles: Sequence[str] = (), departments: Sequence[str] = (), hospital: Optional[str] = None) -> AsyncClient:
        """The same engine, called for a member of staff."""
        return AsyncClient(self._engine, self._pool, staff(staff_id, roles=roles, departments=departments, hospital=hospital))

    @property
    def is_open(self) -> bool:
        """Can it be called?"""
        return self._engine.is_open

    def counts(self) -> Optional[Dict[str, int]]:
        """What the gateways were asked so far; None without gateways."""
        return self._engine.counts()

    async def close(self, patience: float = PATIENCE) -> None:
        """Ends the engine, for all that share it. The loop goes on: gateways answer on it."""
        outside()
        self._engine.here()
        # Not on the pool, whose threads may all wait for what is to be ended.
        await asyncio.to_thread(self._engine.close, patience)
        self._pool.shutdown(wait=False)

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<menjie asynchronous client, {'open' if self.is_open else 'closed'}>"


async def open(
    config: Config,
    *,
    his: Optional[object] = None,
    channel: Optional[object] = None,
    insurer: Optional[object] = None,
    invoice: Optional[object] = None,
    notifier: Optional[object] = None,
    log: Optional[object] = None,
    threads: int = 4,
    calls: int = 8,
) -> AsyncClient:
    """Opens an engine as :func:`menjie.open` does. Coroutines of gateways run on the loop that runs now; ``calls`` wait at once."""
    ports: Dict[str, Any] = {"his": his, "channel": channel, "insurer": insurer, "invoice": invoice, "notifier": notifier, "log": log}
    gateways = Gateways(ports, asyncio.get_running_loop())
    engine = await asyncio.to_thread(Engine, config, gateways, threads)
    return AsyncClient(engine, ThreadPoolExecutor(calls, thread_name_prefix="menjie-call"))
