"""B1 peer: a dict on CPython."""

import json
import platform

import grouping
from group_common import WORK, measure
from grouping import group

PEER = f"dict, CPython {platform.python_version()}"

for size in (5, 30, 200):
    with open(f"{WORK}/request_{size}.json", encoding="utf-8") as file:
        text = file.read()
    lines = json.loads(text)["lines"]
    check = grouping.check(group(lines))
    times = 100_000 // size
    measure(PEER, f"b1 {size} totals", check, lambda: group(lines), times)
    measure(PEER, f"b1 {size} parse", check, lambda: json.loads(text), times // 10)
    measure(PEER, f"b1 {size} json", check, lambda: group(json.loads(text)["lines"]), times // 10)
