"""B1 peer: a dict on CPython, as a host would write it: sets follow their main line, then one key a line."""

import json
import platform

from group_common import WORK, checksum, measure

PEER = f"dict, CPython {platform.python_version()}"


def place(line):
    if line["kind"] in ("drug", "herb") and "pharmacy_code" in line:
        return line["pharmacy_code"]
    return line.get("exec_dept_code") or line["order_dept_code"]


def group(lines):
    mains = {line["atomic_key"]: line for line in lines if "atomic_key" in line and line["main_line"]}
    docs = {}
    for line in lines:
        lead = mains.get(line["atomic_key"], line) if "atomic_key" in line else line
        key = (line["visit_id"], place(lead))
        doc = docs.get(key)
        if doc is None:
            doc = docs[key] = [0, []]
        doc[0] += line["amount_fen"]
        doc[1].append(line)
    return docs


for size in (5, 30, 200):
    with open(f"{WORK}/request_{size}.json", encoding="utf-8") as file:
        text = file.read()
    lines = json.loads(text)["lines"]
    check = checksum((visit, dept, doc[0]) for (visit, dept), doc in group(lines).items())
    times = 100_000 // size
    measure(PEER, f"b1 {size} totals", check, lambda: group(lines), times)
    measure(PEER, f"b1 {size} parse", check, lambda: json.loads(text), times // 10)
    measure(PEER, f"b1 {size} json", check, lambda: group(json.loads(text)["lines"]), times // 10)
