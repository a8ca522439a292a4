"""Times as the benches read them (one JSON object a line), and the checksum of benches/src/measure.rs."""

import json
import platform
import time
import timeit
import zlib
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple, Union

PEER = f"Python {platform.python_version()}"


def checksum(docs: Iterable[Tuple[str, str, int]]) -> str:
    """`documents:fen:mix` over (visit, department, total)."""
    count = total = mix = 0
    for visit, dept, fen in docs:
        count += 1
        total += fen
        mix += fen * (1 + zlib.crc32(f"{visit}|{dept}".encode()))
    return f"{count}:{total}:{mix % 2**64}"


def tell(work: str, check: str, wall: List[float], cpu: List[float]) -> None:
    """Prints the times of the runs, in microseconds."""
    print(json.dumps({"peer": PEER, "work": work, "us": wall, "cpu_us": cpu, "check": check}), flush=True)


def measure(runs: int, work: str, check: str, times: int, run: Union[str, Callable[[], Any]], names: Optional[Dict[str, Any]] = None) -> None:
    """Runs of `times` calls each, after one that is thrown away. A statement (with its names) is run without a call around it."""
    wall, cpu = [], []
    timer = timeit.Timer(run, globals=names)
    for at in range(runs + 1):
        w, c = time.perf_counter_ns(), time.process_time_ns()
        timer.timeit(times)
        w, c = time.perf_counter_ns() - w, time.process_time_ns() - c
        if at:
            wall.append(w / 1e3 / times)
            cpu.append(c / 1e3 / times)
    tell(work, check, wall, cpu)
