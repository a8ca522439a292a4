"""A HIS of one's own behind the engine: ``own_his.py UNPAID.json FOLDER``.

UNPAID.json stands for what the HIS holds. FOLDER takes the keys, the ledger and the sealed log of this trial.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Dict

import menjie


class His:
    """Lists charges, and can do nothing else (``host.his`` in the configuration says so, so nothing else is asked)."""

    def __init__(self, held: Path) -> None:
        self.held = held
        self.reachable = True

    async def unpaid(self, request: Dict[str, Any], question: menjie.Question) -> Dict[str, Any]:
        """What a patient has not paid. A plain method would do as well; this one could await a connection."""
        if not self.reachable:
            raise menjie.Unsent("connect", "no connection")
        if request["patient"] != "P1":
            return {"visits": [], "lines": []}
        answer: Dict[str, Any] = json.loads(self.held.read_text(encoding="utf-8"))
        return answer


class Invoices:
    """An invoice platform that is never asked here: nothing is paid."""


def config(folder: Path) -> Dict[str, Any]:
    """A ledger of this process and a log, and counterparts that are the program's."""
    menjie.keys.make_store_keys(folder / "keys.json")
    menjie.keys.make_log_keys(folder)
    log = {"folder": str(folder / "log"), "signer": str(folder / "log-signer.pem"), "auditors": [str(folder / "auditor.pub.pem")], "reserve_mib": 0}
    can = {"lock": False, "query_post": False, "cancel_post": False, "notices": False}
    return {
        "store": {"path": str(folder / "menjie.db"), "keys": str(folder / "keys.json")},
        "log": log,
        "hospitals": [{"id": "H1", "host": {"his": can, "invoice": {}}}],
    }


def main(held: str, folder: str) -> int:
    """Shows what two patients owe, and what is told when HIS is away."""
    his, trial = His(Path(held)), Path(folder)
    trial.mkdir(parents=True, exist_ok=True)
    with menjie.open(config(trial), his=his, invoice=Invoices()) as client:
        for patient in ("P1", "P2"):
            unpaid = client.as_patient(patient).visit.unpaid(patient_id=patient)
            for visit in unpaid.visits:
                for bill in visit.bills:
                    print(bill.visit_id, bill.dept_name, bill.total_yuan)
            print(f"{patient}: payable {unpaid.payable_yuan}")
        his.reachable = False
        try:
            client.as_patient("P1").visit.unpaid(patient_id="P1")
        except menjie.CounterpartError as error:
            print(f"P1: {error.code}, retry {error.retry}")
            return 0
    return 1


if __name__ == "__main__":
    usage = argparse.ArgumentParser(description=__doc__)
    usage.add_argument("held", metavar="unpaid", help="what the HIS holds: examples/rust/data/unpaid.json")
    usage.add_argument("folder", help="takes keys, ledger and log")
    sys.exit(main(**vars(usage.parse_args())))
