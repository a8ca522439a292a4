"""What the Python peers share: what they are asked, and how they are timed."""

import sys

import timing
from timing import checksum  # noqa: F401  (re-exported)

WORK = sys.argv[1]
RUNS = int(sys.argv[2])
# B2: which table, e.g. `1000000 sorted`, and its file.
TABLE = sys.argv[3] if len(sys.argv) > 3 else ""
FILE = f"{WORK}/lines_{TABLE.replace(' ', '_')}.csv"


def measure(peer, work, check, run, times=1):
    """Times `run`; garbage is collected as it is anywhere."""

    def repeat(times):
        for _ in range(times):
            run()

    timing.measure(peer, RUNS, work, check, times, repeat, longest=10e6)
