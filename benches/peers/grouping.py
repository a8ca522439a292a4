"""Grouping with a dict, as a host would write it: sets follow their main line, then one key a line."""

from timing import checksum


def place(line):
    if line["kind"] in ("drug", "herb") and "pharmacy_code" in line:
        return line["pharmacy_code"]
    return line.get("exec_dept_code") or line["order_dept_code"]


def group(lines):
    """Of (visit, department): the total and the lines."""
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


def check(docs):
    """Their checksum."""
    return checksum((visit, dept, doc[0]) for (visit, dept), doc in docs.items())
