"""A client of a hospital's server: a real one, on loopback, with simulated counterparts."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import threading
from pathlib import Path
from typing import Any, Dict, Iterator

import pytest

import menjie
from conftest import vector_cases


class Hospital:
    """menjie-demo --control: its addresses as one line of JSON, then commands, each answered by one line."""

    def __init__(self, folder: Path) -> None:
        command = [os.environ["MENJIE_DEMO"], "--control", "--seed", "7", "--visits", "24", "--folder", str(folder)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        self.base: str = json.loads(self.process.stdout.readline())["base"]

    def say(self, command: str) -> str:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(60)


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    opened = Hospital(tmp_path_factory.mktemp("hospital"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def card(hospital: Hospital) -> str:
    """The card of somebody who has been here before."""
    number: str = json.loads(hospital.say("earlier"))["card_no"]
    return number


def test_a_patient_identifies_himself_pays_and_leaves(hospital: Hospital, card: str) -> None:
    with menjie.open({"server": {"url": hospital.base}}) as client:
        with pytest.raises(menjie.NotFoundError):
            client.visit.unpaid(patient_id="P1")
        refused: Any = client.session.identify(way="visit_no", token="NOBODY")
        assert refused.decision == "refused"
        identified: Any = client.session.identify(way="visit_no", token=card)
        assert identified.decision == "identified" and identified.token is None
        patient = identified.patient_id
        unpaid = client.visit.unpaid(patient_id=patient)
        bills = [bill for visit in unpaid.visits for bill in visit.bills if bill.payable][:1]
        assert bills and unpaid.payable_yuan == menjie.yuan(unpaid.payable_fen)
        quote: Any = client.settlement.quote(patient_id=patient, bill_ids=[bills[0].bill_id])
        request: Dict[str, Any] = {"key": "python-1", "quote_id": quote.quote_id, "bill_ids": [], "channel": "wechat", "method": {"way": "native"}}
        paid: Any = client.settlement.pay(request)
        assert client.settlement.pay(request) == paid, "the same key is the same payment"
        view: Any = client.settlement.get(payment_id=paid.payment_id, wait_ms=5000)
        assert view.to_json()["payment_id"] == paid.payment_id
        with pytest.raises(menjie.ConflictError):
            client.settlement.pay({**request, "method": {"way": "jsapi", "payer": "o1"}})
        assert client.session.exit().ended is True
        with pytest.raises(menjie.MenjieError):
            client.visit.unpaid(patient_id=patient)


def test_what_computes_stays_here_and_answers_the_same(hospital: Hospital) -> None:
    cases = [(op, case) for _, op, case in vector_cases() if op in ("bill.group", "bill.total", "text.mask", "refund.check") and "response" in case]
    with menjie.open({"server": {"url": hospital.base}}) as client:
        for op, case in cases:
            assert client.call(op, case["request"]) == case["response"]
        with pytest.raises(menjie.ValidationError) as refused:
            client.as_patient("P1").visit.unpaid(patient_id="P1")
        assert refused.value.context["field"] == "caller"


def test_many_threads_and_coroutines_share_a_client(hospital: Hospital, card: str) -> None:
    wrong = []
    with menjie.open({"server": {"url": hospital.base}}) as client:
        patient = client.call("session.identify", way="visit_no", token=card)["patient_id"]
        wanted = client.call("visit.unpaid", patient_id=patient)["payable_fen"]

        def ask() -> None:
            for _ in range(5):
                if client.visit.unpaid(patient_id=patient).payable_fen != wanted:
                    wrong.append(1)

        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []

    async def run() -> None:
        async with await menjie.aio.open({"server": {"url": hospital.base}}) as client:
            await client.session.identify(way="visit_no", token=card)
            answers = await asyncio.gather(*(client.visit.unpaid(patient_id=patient) for _ in range(12)))
            assert {answer.payable_fen for answer in answers} == {wanted}

    asyncio.run(run())


def test_a_server_that_is_away_is_told() -> None:
    with menjie.open({"server": {"url": "http://127.0.0.1:9"}}) as client:
        with pytest.raises(menjie.CounterpartError) as away:
            client.visit.unpaid(patient_id="P1")
        assert (away.value.code, away.value.retry) == (710, "same_key") and not isinstance(away.value, TimeoutError)


def test_an_answer_that_is_none_is_unknown_and_a_time_out() -> None:
    import socket

    listener = socket.create_server(("127.0.0.1", 0))

    def hang_up() -> None:
        peer, _ = listener.accept()
        peer.recv(65536)
        peer.close()

    thread = threading.Thread(target=hang_up)
    thread.start()
    with menjie.open({"server": {"url": f"http://127.0.0.1:{listener.getsockname()[1]}"}}) as client, pytest.raises(TimeoutError) as unknown:
        client.visit.unpaid(patient_id="P1")
    thread.join()
    listener.close()
    assert isinstance(unknown.value, menjie.UnknownOutcomeError) and unknown.value.retry == "after_query"
