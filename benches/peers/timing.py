"""Times as the benches read them (one JSON object a line), and the checksum of benches/src/measure.rs: for peers, and for hosts/python."""

import json
import math
import platform
import time
import zlib
from typing import Callable, Iterable, List, Tuple

PYTHON = f"Python {platform.python_version()}"


def checksum(docs: Iterable[Tuple[str, str, int]]) -> str:
    """`documents:fen:mix` over (visit, department, total)."""
    count = total = mix = 0
    for visit, dept, fen in docs:
        count += 1
        total += fen
        mix += fen * (1 + zlib.crc32(f"{visit}|{dept}".encode()))
    return f"{count}:{total}:{mix % 2**64}"


def tell(peer: str, work: str, check: str, wall: List[float], cpu: List[float]) -> None:
    """Prints the times of the runs, in microseconds."""
    print(json.dumps({"peer": peer, "work": work, "us": wall, "cpu_us": cpu, "check": check}), flush=True)


def measure(peer: str, runs: int, work: str, check: str, times: int, repeat: Callable[[int], object], longest: float = math.inf) -> None:
    """Runs of `times` calls each, which `repeat` makes, after one run that is thrown away. Two runs must do where a call takes longer than
    `longest` microseconds of CPU."""
    wall, cpu = [], []
    for at in range(runs + 1):
        if at == 3 and min(cpu) > longest:
            break
        w, c = time.perf_counter_ns(), time.process_time_ns()
        repeat(times)
        w, c = time.perf_counter_ns() - w, time.process_time_ns() - c
        if at:
            wall.append(w / 1e3 / times)
            cpu.append(c / 1e3 / times)
    tell(peer, work, check, wall, cpu)
