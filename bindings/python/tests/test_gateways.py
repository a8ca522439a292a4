"""A HIS in Python, sync and async, asked and answered in every way there is, and in those that there should not be."""

from __future__ import annotations

import asyncio
import base64
import threading
import time
from pathlib import Path
from typing import Any, Dict, List, Type

import pytest

import menjie
from conftest import UNPAID, Invoices, Lists
from menjie import Question, Refused, Unsent
from menjie.gateway import _done


def _open(config: Dict[str, Any], his: object) -> menjie.Client:
    return menjie.open(config, his=his, invoice=Invoices())


def test_what_his_answers_becomes_bills(config: Dict[str, Any]) -> None:
    his = Lists()
    with _open(config, his) as client:
        unpaid = client.as_patient("P1").visit.unpaid(patient_id="P1")
        assert unpaid.payable_fen == 35619 and str(unpaid.payable_yuan) == "356.19"
        assert client.as_patient("P2", hospital="H1").visit.unpaid(patient_id="P2").payable_fen == 0
        with pytest.raises(menjie.ValidationError) as refused:
            client.visit.unpaid(patient_id="P1")
        assert refused.value.context["field"] == "caller"
        with pytest.raises(menjie.NotFoundError):
            client.as_patient("P2").visit.unpaid(patient_id="P1")
        question = his.asked[0]
        assert (question.method, question.hospital, question.channel, question.attempt) == ("his.unpaid", "H1", "", 1)
        assert 0 < question.timeout <= 60
        counts = client.counts()
        assert counts is not None and counts["asked"] == 2 and sum(counts.values()) == 2


class Keeper:
    """Keeps a second copy of the log in a folder, and is in trouble twice."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: List[Question] = []
        self.past_trouble = threading.Event()

    def copy(self, piece: Dict[str, Any], question: Question) -> None:
        self.asked.append(question)
        if len(self.asked) == 2:
            raise OSError("disk")
        if len(self.asked) == 4:
            raise Refused("full", "磁盘已满")
        if len(self.asked) == 6:
            self.past_trouble.set()
        path = self.folder / piece["file"]
        path.touch()
        with path.open("r+b") as file:
            file.seek(piece["offset"])
            file.write(base64.b64decode(piece["bytes"]))
            if piece["closed"]:
                file.truncate()


class AsyncKeeper(Keeper):
    async def copy(self, piece: Dict[str, Any], question: Question) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        super().copy(piece, question)


@pytest.mark.parametrize("keeps", [Keeper, AsyncKeeper])
def test_a_second_copy_of_the_log_is_kept(config: Dict[str, Any], tmp_path: Path, keeps: Type[Keeper]) -> None:
    copy, here = tmp_path / "copy", Path(config["log"]["folder"])
    copy.mkdir()
    config["log"]["copy"] = {"piece_kib": 1}
    with pytest.raises(menjie.ValidationError) as refused:
        _open(config, Lists())
    assert refused.value.context["field"] == "log.copy"
    keeper = keeps(copy)
    with menjie.open(config, his=Lists(), invoice=Invoices(), log=keeper) as client:
        # Nobody who ends waits for a keeper that fails; so its failures must lie behind.
        for _ in range(20):
            client.as_patient("P1").visit.unpaid(patient_id="P1")
        assert keeper.past_trouble.wait(60)
    assert [question.attempt for question in keeper.asked[:6]] == [1, 1, 2, 1, 2, 1]
    assert (keeper.asked[0].method, keeper.asked[0].hospital) == ("log.copy", "")
    copied = menjie.seal.copied(dir=str(here))
    assert (copied.behind_bytes, copied.behind_segments, copied.failing) == (0, 0, None)
    for path in here.iterdir():
        if path.name not in ("STATE", "LOCK", "COPIED"):
            assert (copy / path.name).read_bytes() == path.read_bytes(), path.name
    at = lambda name: str(tmp_path / name)  # noqa: E731
    verified = menjie.seal.verify(dir=str(copy), writers=[at("log-signer.pub.pem")], key=at("auditor.pem"))
    assert (verified.verdict, verified.seal_checked) == ("sound", True) and verified.records > 0


class AsyncLists:
    def __init__(self) -> None:
        self.loops: List[asyncio.AbstractEventLoop] = []

    async def unpaid(self, request: Dict[str, Any], question: Question) -> Dict[str, Any]:
        self.loops.append(asyncio.get_running_loop())
        await asyncio.sleep(0.05)
        return UNPAID


def test_a_coroutine_answers_to_a_client_without_a_loop(config: Dict[str, Any]) -> None:
    his = AsyncLists()
    with _open(config, his) as client:
        patient = client.as_patient("P1")
        threads = [threading.Thread(target=patient.visit.unpaid, kwargs={"patient_id": "P1"}) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert patient.visit.unpaid(patient_id="P1").payable_fen == 35619
        assert len(his.loops) == 9 and len(set(his.loops)) == 1
        counts = client.counts()
        assert counts is not None and counts["asked"] == 9 and sum(counts.values()) == 9
    assert his.loops[0].is_closed()


def test_a_coroutine_answers_on_the_loop_of_an_asynchronous_client(config: Dict[str, Any]) -> None:
    async def run() -> None:
        his = AsyncLists()
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0.005)

        ticking = asyncio.create_task(tick())
        async with await menjie.aio.open(config, his=his, invoice=Invoices()) as client:
            patient = client.as_patient("P1")
            answers = await asyncio.gather(*(patient.visit.unpaid(patient_id="P1") for _ in range(20)))
            assert [answer.payable_fen for answer in answers] == [35619] * 20
            assert (await patient.call("visit.unpaid", patient_id="P1"))["payable_fen"] == 35619
            with pytest.raises(menjie.NotFoundError):
                await client.as_patient("P2").call("visit.unpaid", {"patient_id": "P1"})
            assert set(his.loops) == {asyncio.get_running_loop()} and client.is_open
        ticking.cancel()
        assert ticks > 5 and not client.is_open
        with pytest.raises(menjie.MisuseError):
            await client.call("echo", value=1)

    asyncio.run(run())


SECRET = "张三 440599199003070058"


class Habits:
    """Does what the test says."""

    def __init__(self) -> None:
        self.todo: Any = None

    def unpaid(self, request: Dict[str, Any], question: Question) -> Any:
        return self.todo(question)


def _raises(error: BaseException) -> Any:
    def todo(_: Question) -> Any:
        raise error

    return todo


def _later(error: BaseException) -> Any:
    async def todo(_: Question) -> Any:
        await asyncio.sleep(0)
        raise error

    return todo


HABITS = {
    "refused": (_raises(Refused("E7", "锁定")), 301),
    "unsent": (_raises(Unsent("connect", "no connection")), 300),
    "unsent later": (_later(Unsent("connect")), 300),
    "an exception": (_raises(RuntimeError(SECRET)), 300),
    "an exception later": (_later(KeyError(SECRET)), 300),
    "its own time-out": (_raises(TimeoutError()), 300),
    "the end of the program": (_raises(SystemExit(3)), 300),
    "an interrupt": (_raises(KeyboardInterrupt()), 300),
    "a code that is none": (_raises(Refused("", "x")), 301),
    "a code that is no text": (_raises(Refused(7, "x")), 301),  # type: ignore[arg-type]
    "half a surrogate pair": (_raises(Refused("\ud842", "x")), 300),
    "nothing": (lambda _: None, 301),
    "a text": (lambda _: "{}", 301),
    "no JSON": (lambda _: {"visits": object()}, 300),
    "not a number": (lambda _: {"visits": [], "lines": [], "x": float("nan")}, 300),
    "a half amount": (lambda _: {**UNPAID, "lines": [{**UNPAID["lines"][0], "amount_fen": 1.5}]}, 301),
    "no JSON below a key that is a name": (lambda _: {**UNPAID, SECRET: {"deep": {SECRET: {1, 2}}}}, 300),
    "a key that is a name": (lambda _: {"visits": [], "lines": [{SECRET: 1}]}, 301),
    "a member missing": (lambda _: {"visits": [], "lines": [{"line_id": SECRET}]}, 301),
}


@pytest.mark.parametrize("habit", HABITS, ids=list(HABITS))
def test_what_is_no_answer_is_told_and_says_nothing(habit: str, config: Dict[str, Any], capfd: pytest.CaptureFixture[str]) -> None:
    his = Habits()
    with _open(config, his) as client:
        patient = client.as_patient("P1")
        his.todo, code = HABITS[habit]
        with pytest.raises(menjie.CounterpartError) as failed:
            patient.visit.unpaid(patient_id="P1")
        assert failed.value.code == code, failed.value
        if habit == "a half amount":
            assert "amount_fen" in str(failed.value)
        his.todo = lambda _: UNPAID
        assert patient.visit.unpaid(patient_id="P1").payable_fen == 35619
    told = str(failed.value) + "".join(capfd.readouterr())
    assert "张三" not in told and "440599" not in told


@pytest.mark.parametrize(("value", "field"), [({SECRET: {1, 2}}, "value.?"), ({"visits": [{"x": {SECRET: {1, 2}}}]}, "value.visits[0].x.?")])
def test_the_error_of_an_answer_repeats_no_key_that_may_be_a_name(value: Any, field: str) -> None:
    with pytest.raises(menjie.MisuseError) as refused:
        _done(value)
    assert refused.value.context["field"] == field and "张三" not in str(refused.value)


def test_a_deadline_that_passes_is_unknown_and_a_late_answer_is_dropped(config: Dict[str, Any]) -> None:
    his, back = Habits(), threading.Event()

    def slow(question: Question) -> Any:
        time.sleep(question.timeout + 0.3)
        back.set()
        return UNPAID

    async def hangs(_: Question) -> Any:
        await asyncio.sleep(3600)

    with _open(config, his) as client:
        patient = client.as_patient("P1")
        for todo in (slow, hangs):
            his.todo = todo
            with pytest.raises(menjie.CounterpartError):
                patient.visit.unpaid(patient_id="P1")
        assert back.wait(20)
        deadline = time.monotonic() + 20
        while (counts := client.counts() or {"unwanted": 0})["unwanted"] < 1:
            assert time.monotonic() < deadline, f"not within 20 s: the late answer is counted: {counts}"
            time.sleep(0.01)
        assert counts["overdue"] >= 1


def test_within_a_gateway_no_engine_is_called(config: Dict[str, Any]) -> None:
    his = Habits()
    told: List[int] = []

    def refused(run: Any) -> None:
        try:
            run()
        except menjie.MisuseError as error:
            told.append(error.code)

    with _open(config, his) as client:
        patient = client.as_patient("P1")

        def calls_back(_: Question) -> Any:
            assert menjie.bill.total(lines=[]).total_fen == 0
            refused(lambda: client.call("echo", value=1))
            refused(lambda: patient.visit.unpaid(patient_id="P1"))
            refused(client.close)
            refused(lambda: menjie.open({}))
            return UNPAID

        async def calls_back_later(question: Question) -> Any:
            calls_back(question)
            assert (await menjie.aio.call("echo", value=1)) == {"value": 1}
            return UNPAID

        for todo in (calls_back, calls_back_later):
            his.todo = todo
            assert patient.visit.unpaid(patient_id="P1").payable_fen == 35619
    assert told == [16] * 8


def test_a_gateway_without_the_method_was_not_asked(config: Dict[str, Any]) -> None:
    with _open(config, object()) as client, pytest.raises(menjie.CounterpartError) as failed:
        client.as_patient("P1").visit.unpaid(patient_id="P1")
    assert failed.value.code == 300


def test_a_panic_at_the_gateway_is_unknown(config: Dict[str, Any]) -> None:
    with _open(config, Lists()) as client:
        with pytest.raises(menjie.MenjieError) as failed:
            client.as_patient("menjie_testing_panic").visit.unpaid(patient_id="menjie_testing_panic")
        assert isinstance(failed.value, (menjie.InternalError, menjie.CounterpartError))
        assert client.as_patient("P1").visit.unpaid(patient_id="P1").payable_fen == 35619
