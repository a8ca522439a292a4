"""What another thread does while a batch of 200,000 lines is grouped: `python beside.py WORK RUNS` prints JSON objects. Were the interpreter
held, the other thread would wait for the whole batch, and its piece of work would take as much longer."""

import sys
import threading
import time
from pathlib import Path

import menjie

import columns
from timing import PYTHON, tell

WORK, RUNS = Path(sys.argv[1]), int(sys.argv[2])
table = columns.read(str(WORK / "columns_200000"))
# A piece of work of some hundred steps, each as long as a tick of the interpreter's lock.
STEPS, STEP = 400, 20_000


def piece(longest):
    """Adds numbers up, and notes the longest time between two steps."""
    last = begun = time.perf_counter()
    for _ in range(STEPS):
        sum(range(STEP))
        now = time.perf_counter()
        longest[0] = max(longest[0], now - last)
        last = now
    longest[1] = last - begun


def beside(work):
    """Runs the piece on another thread, and `work` on this one until it has ended; how often."""
    longest = [0.0, 0.0]
    thread = threading.Thread(target=piece, args=(longest,))
    thread.start()
    while thread.is_alive():
        work()
    thread.join()
    return longest[0] * 1e6, longest[1] * 1e6


bills = menjie.batch("bill.group_batch", lines=table).response["bills"]
alone, together, batch = [], [], []
for _ in range(RUNS):
    alone.append(beside(lambda: time.sleep(0.01)))
    together.append(beside(lambda: menjie.batch("bill.group_batch", lines=table)))
    begun = time.perf_counter()
    menjie.batch("bill.group_batch", lines=table)
    batch.append((time.perf_counter() - begun) * 1e6)
for work, times in (
    ("batch of 200,000", batch),
    ("piece alone", [took for _, took in alone]),
    ("piece beside", [took for _, took in together]),
    ("wait alone", [wait for wait, _ in alone]),
    ("wait beside", [wait for wait, _ in together]),
):
    tell(PYTHON, work, str(bills), times, times)
