"""Writes two exchanges into a sealed log, verifies it, and shows it masked, as an auditor would: ``read_log.py FOLDER``.

The auditor's key lies beside the log because this is a trial; on a kiosk it would undo the log.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import menjie


def main(folder: str) -> int:
    """Prints what the log holds; 1 when it is not as it was written."""
    at = Path(folder)
    at.mkdir(parents=True, exist_ok=True)
    menjie.keys.make_log_keys(at)
    log = str(at / "log")
    writer = {"dir": log, "signer": str(at / "log-signer.pem"), "auditors": [str(at / "auditor.pub.pem")]}
    with menjie.open_log(writer) as opened:
        for number in ("K1", "K2"):
            begin = {"what": "begin", "hospital": "H1", "direction": "out", "peer": "cardreader", "interface": "READ", "business_no": number, "body": "{}"}
            begun = opened.append([begin])["begun"][0]
            # Only now is anything sent: the BEGIN is on the disk.
            opened.append([{"what": "end", "of": begun, "result": "answered", "status": "0", "body": '{"name":"测试甲"}'}])
    verified = menjie.call("seal.verify", {"dir": log, "writers": [str(at / "log-signer.pub.pem")], "key": str(at / "auditor.pem")})
    found = menjie.call("seal.search", {"log": {"dir": log, "key": str(at / "auditor.pem")}, "filter": {"order": "K1"}})
    print(f"{verified['verdict']}, {len(found['rows'])} exchange of K1: {found['rows'][0]['peer']}")
    assert "测试甲" not in str(found), "what is shown is masked"
    return 0 if verified["verdict"] == "sound" else 1


if __name__ == "__main__":
    usage = argparse.ArgumentParser(description=__doc__)
    usage.add_argument("folder", help="takes keys and log")
    sys.exit(main(**vars(usage.parse_args())))
