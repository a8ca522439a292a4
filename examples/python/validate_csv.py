"""Checks a CSV of first-visit records by every rule and lists what is wrong, row by row: ``validate_csv.py RECORDS.csv TODAY``.

Texts that are shown are masked by the library; the file itself is never printed.
"""

from __future__ import annotations

import argparse
import sys

import pandas

import menjie


def main(path: str, today: str) -> int:
    """Prints one line for each issue; 1 when there is an error."""
    records = pandas.read_csv(path, dtype="str")
    result = menjie.batch("patient.validate_batch", {"today": today}, records=records)
    issues = result.tables["issues"].to_pandas()
    for issue in issues.itertuples():
        # The first line of the file has the names of the columns.
        print(f"第{issue.row + 2}行 {issue.path} {issue.rule} {issue.text}")
    wrong = issues[issues["severity"] == "error"]["row"].nunique()
    print(f"共{len(records)}条，{wrong}条有错误")
    return 1 if wrong else 0


if __name__ == "__main__":
    usage = argparse.ArgumentParser(description=__doc__)
    usage.add_argument("path", help="the records, a CSV")
    usage.add_argument("today", help="YYYY-MM-DD")
    sys.exit(main(**vars(usage.parse_args())))
