"""What the Python peers share: timing, the checksum of benches/src/measure.rs, printing."""

import json
import sys
import time
import zlib

WORK = sys.argv[1]
RUNS = int(sys.argv[2])
# B2: which table, e.g. `1000000 sorted`, and its file.
TABLE = sys.argv[3] if len(sys.argv) > 3 else ""
FILE = f"{WORK}/lines_{TABLE.replace(' ', '_')}.csv"


def checksum(docs):
    """`documents:fen:mix` over (visit, department, total)."""
    count = total = mix = 0
    for visit, dept, fen in docs:
        count += 1
        total += fen
        mix += fen * (1 + zlib.crc32(f"{visit}|{dept}".encode()))
    return f"{count}:{total}:{mix % 2**64}"


def measure(peer, work, check, run, times=1):
    """Runs `run` RUNS times, each `times` times, after one run that is thrown away, and prints the times. Two runs must
    do where one takes longer than 10 s of CPU."""
    wall, cpu = [], []
    for at in range(RUNS + 1):
        if at == 3 and min(cpu) > 10e6:
            break
        w, c = time.perf_counter_ns(), time.process_time_ns()
        for _ in range(times):
            run()
        w, c = time.perf_counter_ns() - w, time.process_time_ns() - c
        if at:
            wall.append(w / 1e3 / times)
            cpu.append(c / 1e3 / times)
    print(json.dumps({"peer": peer, "work": work, "us": wall, "cpu_us": cpu, "check": check}), flush=True)
