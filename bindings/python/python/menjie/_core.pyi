"""The native part of the package. Nobody imports it but the package."""

import os
from typing import Callable, Dict, List, Optional, Sequence, Tuple, Union, final

__version__: str

def call(op: str, request: str) -> str:
    """Runs an operation that needs no engine."""

def call_batch(op: str, request: str, tables: Sequence[Tuple[str, object]]) -> Tuple[str, List[Tuple[str, Table]]]:
    """Runs an operation over tables; each is given with its name, as the capsule that ``__arrow_c_stream__`` gave."""

def operations() -> List[Tuple[str, str, str, str]]:
    """Every operation: name, kind, reach, purpose."""

def batches() -> List[Tuple[str, str, List[str], List[str]]]:
    """Every operation over tables: name, purpose, tables that are given, tables of the result."""

def make_store_keys(path: Union[str, os.PathLike[str]]) -> None:
    """Makes the key file of a store's sealed columns; an existing file is never overwritten."""

def make_log_keys(folder: Union[str, os.PathLike[str]]) -> None:
    """Makes the keys of a sealed log's signer and of one auditor."""

@final
class Engine:
    """An engine: the hospital's server, or one of this process."""

    def __new__(
        cls,
        config: str,
        ask: Optional[Callable[[str, str, str, str, int, int, str, Reply], None]] = None,
        ports: List[str] = ...,
        threads: int = 4,
    ) -> Engine: ...
    def call(self, op: str, request: str, caller: Optional[str] = None) -> str:
        """Runs an operation, for a caller where the engine is of this process."""

    def close(self, patience: float) -> None:
        """Closes it; waits at most so many seconds."""

    @property
    def is_open(self) -> bool:
        """Is it open, and of this process?"""

    def counts(self) -> Optional[Dict[str, int]]:
        """What its gateways were asked so far."""

@final
class Log:
    """A log that is open for writing."""

    def __new__(cls, writer: str) -> Log: ...
    def append(self, records: str) -> str:
        """Writes records; every BEGIN is on the disk when it returns."""

    def close(self, patience: float) -> None:
        """Writes and signs what is left and gives the lock back."""

    @property
    def is_open(self) -> bool:
        """Is it open, and of this process?"""

@final
class Table:
    """A table of a result."""

    def __arrow_c_stream__(self, requested_schema: Optional[object] = None) -> object:
        """A stream of the table, in a capsule."""

    def __len__(self) -> int: ...
    @property
    def columns(self) -> List[Tuple[str, str]]:
        """Its columns: name and type."""

@final
class Reply:
    """Takes the answer to one question."""

    def answer(self, json: str) -> bool:
        """Hands the answer over. False when nobody waits for it any more."""

    @property
    def is_wanted(self) -> bool:
        """Does anybody wait for it?"""
