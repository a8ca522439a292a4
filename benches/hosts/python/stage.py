"""What the scripts of every host read: tables as Arrow IPC streams and as objects, an engine with its keys. `python stage.py WORK`."""

import json
import sys
from pathlib import Path

import menjie
import pyarrow

import columns

WORK = Path(sys.argv[1])
for rows in (10_000, 200_000):
    table = columns.read(str(WORK / f"columns_{rows}"))
    with pyarrow.ipc.new_stream(str(WORK / f"lines_{rows}.arrows"), table.schema) as stream:
        stream.write_table(table)
    if rows == 10_000:
        lines = [{key: value for key, value in line.items() if value is not None} for line in table.to_pylist()]
        (WORK / "lines_10000.json").write_text(json.dumps(lines), encoding="utf-8")

keys = WORK / "keys"
keys.mkdir()
menjie.keys.make_store_keys(keys / "store.json")
menjie.keys.make_log_keys(keys)
lists = {"lock": False, "query_post": False, "cancel_post": False, "notices": False}
engine = {
    "store": {"path": str(WORK / "menjie.db"), "keys": str(keys / "store.json")},
    "log": {"folder": str(WORK / "log"), "signer": str(keys / "log-signer.pem"), "auditors": [str(keys / "auditor.pub.pem")], "reserve_mib": 0},
    "hospitals": [{"id": "H1", "host": {"his": lists, "invoice": {}}}],
}
(WORK / "engine.json").write_text(json.dumps(engine), encoding="utf-8")
