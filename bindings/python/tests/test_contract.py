"""The dataclasses of the contract read and write what the shared vectors hold, and are dataclasses in every respect."""

import copy
import dataclasses
import inspect
import json
import pickle
import re
import subprocess
import sys
from decimal import Decimal, localcontext
from pathlib import Path

import pytest

from menjie import contract, operations

VECTORS = Path(__file__).resolve().parents[3] / "tests" / "vectors"


def pascal(op):
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[._]", op))


def reader(name):
    found = getattr(contract, name)
    if isinstance(found, type):
        return found.from_json
    return getattr(contract, "read_" + re.sub(r"(?<!^)([A-Z])", lambda letter: "_" + letter.group(1), name).lower())


def cases():
    for file in sorted(VECTORS.rglob("*.json")):
        document = json.loads(file.read_text(encoding="utf-8"))
        # Scenarios of files and batches have a shape of their own.
        for case in document.get("cases", ()):
            yield f"{file.parent.name}/{file.stem}: {case['name']}", case.get("op", document.get("op")), case


def without_nulls(value):
    if isinstance(value, dict):
        return {key: without_nulls(member) for key, member in value.items() if member is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def test_every_vector_is_read_and_written_as_it_was():
    responses = requests = 0
    for name, op, case in cases():
        if "response" in case:
            assert reader(pascal(op) + "Response")(case["response"]).to_json() == case["response"], name
            responses += 1
        if "request" in case and "error" not in case:
            assert without_nulls(reader(pascal(op) + "Request")(case["request"]).to_json()) == without_nulls(case["request"]), name
            requests += 1
    assert responses > 600 and requests > 600


def test_members_that_are_not_known_are_ignored_and_missing_ones_are_told():
    line = {"reason": "window", "text": "请到窗口办理", "next": "", "decision": "refused", "new": [1]}
    read = contract.read_settlement_pay_response(line)
    assert isinstance(read, contract.SettlementPayResponseRefused) and "new" not in read.to_json()
    with pytest.raises(ValueError, match="SettlementPayResponseRefused.text: is missing"):
        contract.read_settlement_pay_response({"decision": "refused", "reason": "x", "next": ""})
    for wrong in ({"decision": "else"}, {}, [], None, "accepted", {"decision": ["accepted"]}):
        with pytest.raises(ValueError):
            contract.read_settlement_pay_response(wrong)


def test_amounts_are_told_exactly_in_yuan_whatever_the_context():
    total = contract.ChargeLine.from_json({**first_line(), "amount_fen": 9_999_999_999})
    with localcontext() as context:
        context.prec = 3
        assert total.amount_yuan == Decimal("99999999.99")
    assert str(contract.ChargeLine.from_json({**first_line(), "amount_fen": -100}).amount_yuan) == "-1.00"


def first_line():
    return next(case["request"]["lines"][0] for _, op, case in cases() if op == "bill.group" and case.get("request", {}).get("lines"))


def fresh(program):
    """Runs in a process that has made no dataclass yet."""
    subprocess.run([sys.executable, "-c", f"import dataclasses, inspect, pickle\nfrom menjie import contract as c\n{program}"], check=True, timeout=60)


def test_they_are_dataclasses_before_the_first_is_made():
    fresh("assert dataclasses.is_dataclass(c.AgeAtRequest) and 'birth_date' in [f.name for f in dataclasses.fields(c.AgeAtRequest)]")
    fresh("assert 'birth_date' in inspect.signature(c.AgeAtRequest).parameters")
    fresh("class Mine(c.AgeAtRequest): pass\nassert Mine(birth_date='2020-01-01').birth_date == '2020-01-01'")
    fresh("@dataclasses.dataclass(frozen=True)\nclass Mine(c.AgeAtRequest):\n    more: int = 0\nassert Mine(birth_date='2020-01-01', more=2).more == 2")
    fresh("assert not hasattr(c.AgeAtRequest, 'birthdate') and not dataclasses.is_dataclass(c._record.Record)")
    # A worker of Dask or multiprocessing begins with a pickle.
    made = pickle.dumps(contract.AgeAtRequest(birth_date="2020-01-01"))
    fresh(f"made = pickle.loads({made!r})\nassert made == c.AgeAtRequest(birth_date='2020-01-01') and 'birth_date' in repr(made)")


def test_they_are_frozen_compared_and_copied():
    one = contract.AgeAtRequest(birth_date="2020-01-01", day="2026-01-01")
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.day = "x"
    assert one == copy.deepcopy(one) and hash(one) == hash(copy.copy(one)) and dataclasses.replace(one, day=None) != one
    with pytest.raises(TypeError):
        contract.AgeAtRequest(birthdate="2020-01-01")


def test_what_is_private_is_not_in_a_repr():
    assert "openid" not in repr(contract.MethodJsapi(payer="openid-1"))


def test_threads_make_a_dataclass_once():
    fresh(
        "import threading\nseen = []\nbegin = threading.Barrier(8)\n"
        "def one():\n    begin.wait()\n    seen.append(c.AgeAtRequest(birth_date='2020-01-01'))\n"
        "threads = [threading.Thread(target=one) for _ in range(8)]\n"
        "[t.start() for t in threads]\n[t.join() for t in threads]\nassert len(seen) == 8 and len(set(seen)) == 1"
    )


class Asked:
    """Answers every call with what a vector holds."""

    def __init__(self, answer):
        self.answer, self.calls = answer, []

    def __call__(self, op, request):
        self.calls.append((op, request))
        return self.answer


def test_a_method_takes_a_dataclass_a_mapping_or_keywords():
    answer = next(case["response"] for _, op, case in cases() if op == "age.at" and "response" in case)
    asked = Asked(answer)
    areas = operations.Areas(asked)
    wanted = {"birth_date": "2020-01-01", "day": "2026-01-01"}
    for response in (areas.age.at(contract.AgeAtRequest(**wanted)), areas.age.at(wanted), areas.age.at(**wanted)):
        assert isinstance(response, contract.AgeAtResponse) and response.to_json() == answer
    assert asked.calls == [("age.at", wanted)] * 3
    for wrong in (lambda: areas.age.at(wanted, day="x"), lambda: areas.age.at("2020-01-01"), lambda: areas.age.at(), lambda: areas.age.at(born="x")):
        with pytest.raises(TypeError):
            wrong()
    # Objects within a request may be either, too.
    areas.age.at({**wanted, "style": contract.AgeStyle(days_below_months=2)})
    areas.age.at(**wanted, style={"days_below_months": 2})
    assert asked.calls[3:] == [("age.at", {**wanted, "style": {"days_below_months": 2}})] * 2


def test_every_operation_has_a_method_in_both_ways():
    names = [name for name, _, _ in operations.OPERATIONS]
    assert len(names) == len(set(names)) > 60
    for root in (operations.Areas(Asked(None)), operations.AsyncAreas(Asked(None))):
        for name in names:
            area, _, verb = name.rpartition(".")
            owner = getattr(root, area.replace(".", "_")) if area else root
            method = getattr(owner, verb)
            assert f"docs/contract/{name}.md" in method.__doc__
            assert inspect.iscoroutinefunction(method) == isinstance(root, operations.AsyncAreas)
