"""B1 and B9 from Python: the package, a module that does nothing, the json of the standard library on the same bytes, and a dict as a host
would write it. `python crossing.py WORK RUNS` prints one JSON object a line; b9 stages WORK and compares the checks."""

import json
import sys
import timeit
from pathlib import Path

import menjie
import noop
from menjie import _core

import columns
import grouping
import timing
from grouping import group
from timing import checksum

WORK, RUNS = Path(sys.argv[1]), int(sys.argv[2])


def measure(work, check, times, run, names=None):
    """Times a function, or a statement with its names, around which there is no call."""
    timing.measure(timing.PYTHON, RUNS, work, check, times, timeit.Timer(run, globals=names).timeit)


def of_bills(response):
    return checksum((bill["visit_id"], bill["dept_code"], bill["total_fen"]) for bill in response["bills"])


def refused():
    try:
        menjie.call("echo", {"valeu": {}})
    except menjie.MisuseError:
        return
    raise AssertionError("a misspelt member was taken")


class His:
    """A HIS of the program that has nothing to tell."""

    def unpaid(self, request, question):
        return {"visits": [], "lines": []}


client = menjie.open((WORK / "engine.json").read_text(encoding="utf-8"), his=His(), invoice=object())
patient = client.as_patient("P1")
thing = noop.Thing(lambda question: "{}")
engine = client._engine._native

names = {"noop": noop.noop, "text": noop.text, "thing": thing, "engine": engine}
measure("noop", "", 1_000_000, "noop()", names)
measure("noop method", "", 1_000_000, "thing.noop", names)
measure("ping", "", 1_000_000, "engine.is_open", names)
measure("text", "", 300_000, "text('{\"value\":{}}')", names)
measure("echo", "", 100_000, lambda: menjie.call("echo", {"value": {}}))
measure("error", "", 10_000, refused)
measure("asked", "", 3_000, thing.ask)
measure("unpaid", "", 300, lambda: patient.call("visit.unpaid", {"patient_id": "P1"}))

for size in (5, 30, 200):
    text = (WORK / f"request_{size}.json").read_text(encoding="utf-8")
    request = json.loads(text)
    times = 40_000 // size
    check = grouping.check(group(request["lines"]))
    if of_bills(menjie.call("bill.group", request)) != check:
        sys.exit(f"{size} lines: the dict disagrees")
    measure(f"{size} parse", check, times, lambda: json.loads(text))
    measure(f"{size} host", check, times, lambda: group(json.loads(text)["lines"]))
    measure(f"{size} text", check, times, lambda: _core.call("bill.group", text))
    measure(f"{size} bill", check, times, lambda: json.loads(_core.call("bill.group", text)))
    measure(f"{size} objects", check, times, lambda: menjie.call("bill.group", request))

# Many lines: as a table of Arrow, and as objects, which a host has when it has read them.
table = columns.read(str(WORK / "columns_10000"))
bills = str(menjie.batch("bill.group_batch", lines=table).response["bills"])
measure("batch", bills, 30, lambda: menjie.batch("bill.group_batch", lines=table))
objects = json.loads((WORK / "lines_10000.json").read_text(encoding="utf-8"))
measure("batch host", str(len(group(objects))), 30, lambda: group(objects))
client.close()
