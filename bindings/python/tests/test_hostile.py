"""What no program should do; nothing of it ends the process."""

from __future__ import annotations

import gc
import itertools
import json
import logging
import os
import subprocess
import sys
import threading
import time
from typing import Any, Dict, List

import pytest

import menjie
from conftest import Invoices, Lists
from menjie import _core


@pytest.mark.parametrize("wrong", [None, 1, b"{}", [], {}, object(), 1.5])
def test_other_types_are_type_errors(wrong: Any) -> None:
    for call in (
        lambda: _core.call(wrong, "{}"),
        lambda: _core.call("echo", wrong),
        lambda: _core.Engine(wrong),
        lambda: _core.Log(wrong),
        lambda: _core.call_batch("bill.group_batch", wrong, []),
        lambda: _core.call_batch("bill.group_batch", "{}", [("lines", wrong)]),
        lambda: _core.call_batch("bill.group_batch", "{}", [(wrong, wrong)]),
        lambda: menjie.batch("bill.group_batch", lines=wrong) if wrong is not None else _core.call(wrong, "{}"),
    ):
        with pytest.raises(TypeError):
            call()


def test_half_a_surrogate_pair_is_no_text() -> None:
    for call in (lambda: menjie.call("echo", value="\ud842"), lambda: menjie.call("\udfb7", {}), lambda: _core.Engine('{"x":"\ud842"}')):
        with pytest.raises(menjie.MisuseError) as refused:
            call()
        assert refused.value.code == 11


def test_a_nul_and_everything_else_that_is_text_comes_back() -> None:
    for value in ("\0", "𠮷", "é", "\u2028", "\x7f", "a" * 1_000_000):
        assert menjie.call("echo", value=value)["value"] == value


def test_a_huge_request_is_refused() -> None:
    with pytest.raises(menjie.MisuseError) as refused:
        menjie.call("echo", value="x" * (65 << 20))
    assert refused.value.code == 2


def test_a_panic_is_an_error_and_says_nothing(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    caplog.set_level(logging.ERROR, "menjie")
    for _ in range(3):
        with pytest.raises(menjie.InternalError) as caught:
            _core.testing_panic()  # type: ignore[attr-defined]
        assert isinstance(caught.value, Exception) and caught.value.code == 901 and caught.value.retry == "after_query"
    assert "native.rs" in caplog.text
    told = caplog.text + str(caught.value) + "".join(capfd.readouterr())
    assert "张三" not in told and "440599" not in told
    assert menjie.call("echo", value=1) == {"value": 1}


@pytest.mark.parametrize(
    "wrong",
    ["", "[]", "{", '{"sever":{}}', '{"server":{"url":"http://example.org"}}', '{"server":{"url":1}}', '{"hospitals":[]}', '{"hospitals":1,"server":{}}', "x" * 1_000_000],
)
def test_a_wrong_configuration_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError):
        menjie.open(wrong)


def test_ports_that_nobody_has_and_threads_that_cannot_be() -> None:
    config = {"log": {"folder": "x", "signer": "x", "auditors": ["x"]}, "hospitals": [{"id": "H1", "host": {"his": {"lock": False}}}]}
    with pytest.raises(menjie.ValidationError):
        menjie.open(config)
    with pytest.raises((menjie.ValidationError, OverflowError)):
        menjie.open(config, his=Lists(), threads=10**6)
    with pytest.raises(OverflowError):
        menjie.open(config, his=Lists(), threads=-1)


def test_after_closing_nothing_is_called() -> None:
    client = menjie.open({})
    assert client.is_open and client.call("echo", value=1) == {"value": 1} and client.counts() is None
    assert client.bill.total(lines=[]).total_fen == 0
    with pytest.raises(menjie.MisuseError) as refused:
        client.visit.unpaid(patient_id="P1")
    assert refused.value.code == 1
    client.close()
    client.close()
    assert not client.is_open
    with pytest.raises(menjie.MisuseError) as refused:
        client.call("echo", value=1)
    assert refused.value.code == 12


def test_many_threads_close_what_others_call(config: Dict[str, Any]) -> None:
    wrong: List[object] = []
    for round in range(3):
        client = menjie.open(config, his=Lists(), invoice=Invoices()) if round == 0 else menjie.open({})
        patient = client.as_patient("P1")
        under = threading.Barrier(7)

        def call() -> None:
            for turn in itertools.count():
                try:
                    if turn == 1:
                        # Closed is what everybody has called.
                        under.wait(60)
                    if round == 0:
                        assert patient.visit.unpaid(patient_id="P1").payable_fen == 35619
                    assert client.call("echo", value=1) == {"value": 1}
                except menjie.MisuseError as error:
                    if error.code != 12:
                        wrong.append(error)
                    return
                except BaseException as error:
                    wrong.append(error)
                    return

        threads = [threading.Thread(target=call) for _ in range(6)]
        for thread in threads:
            thread.start()
        under.wait(60)
        closers = [threading.Thread(target=client.close) for _ in range(4)]
        for thread in closers:
            thread.start()
        for thread in closers + threads:
            thread.join(60)
            assert not thread.is_alive()
    assert wrong == []


def test_threads_that_call_get_their_own_answers() -> None:
    wrong: List[object] = []

    def call(number: int) -> None:
        for at in range(300):
            value = [number, at, "门" * (at % 7)]
            if menjie.call("echo", value=value) != {"value": value}:
                wrong.append(value)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_forgotten_engines_and_logs_end(config: Dict[str, Any], files: Any) -> None:
    for _ in range(2):
        # The store's lock is given back by forgetting, so the second one opens.
        client = menjie.open(config, his=Lists(), invoice=Invoices())
        assert client.as_patient("P1").visit.unpaid(patient_id="P1").payable_fen == 35619
        del client
        gc.collect()
    writer = {"dir": str(files / "new"), "signer": str(files / "writer.pem"), "auditors": [str(files / "auditor.pub")]}
    for _ in range(2):
        menjie.open_log(writer)
        gc.collect()


FORK = """
import gc, os, sys, asyncio, json
sys.path.insert(0, sys.argv[2])
import menjie
from conftest import Lists, Invoices
async def both():
    client = menjie.open(json.loads(sys.argv[1]), his=Lists(), invoice=Invoices())
    other = await menjie.aio.open({"server": {"url": "http://127.0.0.1:9"}})
    await menjie.aio.call("echo", value=1)
    assert client.as_patient("P1").visit.unpaid(patient_id="P1").payable_fen == 35619
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        assert client.is_open and client.as_patient("P1").visit.unpaid(patient_id="P1").payable_fen == 35619
        client.close()
        await other.close()
        return os.waitstatus_to_exitcode(status)
    # The loop's own threads are not there either, so the child ends here.
    code = 5
    try:
        for use in (lambda: client.call("echo", value=1), client.close):
            try:
                use()
                os._exit(3)
            except menjie.ForkedError as error:
                assert error.code == 12
        try:
            await other.call("visit.unpaid", patient_id="P1")
            os._exit(4)
        except menjie.ForkedError:
            pass
        assert not client.is_open
        # What needs no threads of the parent goes on, and so does a new engine.
        assert menjie.call("echo", value=1) == {"value": 1}
        with menjie.open({}) as mine:
            assert mine.bill.total(lines=[]).total_fen == 0
        del client, other, use
        gc.collect()
        code = 0
    except BaseException as error:
        print(type(error), error, file=sys.stderr, flush=True)
    os._exit(code)
sys.exit(asyncio.run(both()))
"""


def test_a_child_of_fork_is_told_and_does_not_hang(config: Dict[str, Any]) -> None:
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", FORK, json.dumps(config), os.path.dirname(__file__)], timeout=60, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


EXIT = """
import json, sys, threading, time
sys.path.insert(0, sys.argv[2])
import menjie
from conftest import Invoices, UNPAID
asked = threading.Event()
class Slow:
    def unpaid(self, request, question):
        asked.set()
        time.sleep(0.5)
        return UNPAID
client = menjie.open(json.loads(sys.argv[1]), his=Slow(), invoice=Invoices())
threading.Thread(target=lambda: client.as_patient("P1").visit.unpaid(patient_id="P1"), daemon=True).start()
assert asked.wait(20), "not within 20 s: the HIS is asked"
"""


def test_a_program_ends_in_the_middle_of_a_call(config: Dict[str, Any]) -> None:
    run = subprocess.run([sys.executable, "-c", EXIT, json.dumps(config), os.path.dirname(__file__)], timeout=60, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
