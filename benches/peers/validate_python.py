"""B4 peers on Python: pydantic (from JSON and from dicts) and fastjsonschema (compiled; it stops at the first error)."""

import json

import fastjsonschema
import pydantic
from typing import Annotated, Literal
from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from group_common import WORK, measure

CODES = json.load(open(f"{WORK}/codes.json", encoding="utf-8"))
SEX = ("0", "1", "2", "9")
MARITAL = ("10", "20", "21", "22", "23", "30", "40", "90")
ID_TYPE = ("01", "02", "03", "04", "05", "06", "07", "99")
PAY_METHOD = ("1", "2", "3", "4", "5", "6", "7", "8", "99")
DATE = r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"
ID_NO = r"^[0-9]{17}[0-9X]$"
PHONE = r"^1[3-9]\d{9}$"


def text(most):
    return Annotated[str, StringConstraints(min_length=1, max_length=most)]


def pattern(expression):
    return Annotated[str, StringConstraints(pattern=expression)]


class Record(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: text(50)
    sex: Literal[SEX]
    birth_date: pattern(DATE)
    nationality: Literal[tuple(CODES["countries"])]
    marital: Literal[MARITAL]
    ethnic: Literal[tuple(CODES["ethnic"])]
    id_type: Literal[ID_TYPE]
    id_no: pattern(ID_NO)
    address: text(200)
    phone: pattern(PHONE)
    contact_name: text(50)
    contact_relation: Literal[tuple(CODES["relations"])]
    contact_phone: pattern(PHONE)
    pay_method: Literal[PAY_METHOD]


def enum(values):
    return {"type": "string", "enum": list(values)}


SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 50},
        "sex": enum(SEX),
        "birth_date": {"type": "string", "pattern": DATE},
        "nationality": enum(CODES["countries"]),
        "marital": enum(MARITAL),
        "ethnic": enum(CODES["ethnic"]),
        "id_type": enum(ID_TYPE),
        "id_no": {"type": "string", "pattern": ID_NO},
        "address": {"type": "string", "minLength": 1, "maxLength": 200},
        "phone": {"type": "string", "pattern": PHONE},
        "contact_name": {"type": "string", "minLength": 1, "maxLength": 50},
        "contact_relation": enum(CODES["relations"]),
        "contact_phone": {"type": "string", "pattern": PHONE},
        "pay_method": enum(PAY_METHOD),
    },
}
SCHEMA["required"] = list(SCHEMA["properties"])
fast = fastjsonschema.compile(SCHEMA)
one, many = TypeAdapter(Record), TypeAdapter(list[Record])


def pydantic_errors(validate, value):
    """Records with errors, and all errors."""
    try:
        validate(value)
        return 0, 0
    except ValidationError as error:
        places = [e["loc"] for e in error.errors()]
        return len({loc[0] for loc in places if isinstance(loc[0], int)}) or 1, len(places)


def fast_errors(record):
    try:
        fast(record)
        return 0
    except fastjsonschema.JsonSchemaException:
        return 1


PYDANTIC, FAST = f"pydantic {pydantic.VERSION}", "fastjsonschema 2.22.3 (first error only)"
for name in ("valid", "wrong"):
    text_ = open(f"{WORK}/{name}.json", "rb").read()
    wrong, errors = pydantic_errors(one.validate_json, text_)
    measure(PYDANTIC, f"b4 one {name} json", f"1:{wrong}:{errors}", lambda: pydantic_errors(one.validate_json, text_), 20_000)
    errors = 3 * fast_errors(json.loads(text_))  # it stops at the first of three
    measure(FAST, f"b4 one {name} json", f"1:{min(errors, 1)}:{errors}", lambda: fast_errors(json.loads(text_)), 20_000)
text_ = open(f"{WORK}/batch.json", "rb").read()
records = json.loads(text_)
for work, validate, value in (("json", many.validate_json, text_), ("objects", many.validate_python, records)):
    wrong, errors = pydantic_errors(validate, value)
    measure(PYDANTIC, f"b4 batch {work}", f"{len(records)}:{wrong}:{errors}", lambda: pydantic_errors(validate, value), 3)
wrong = sum(map(fast_errors, records))
check = f"{len(records)}:{wrong}:{3 * wrong}"
measure(FAST, "b4 batch json", check, lambda: sum(map(fast_errors, json.loads(text_))), 2)
measure(FAST, "b4 batch objects", check, lambda: sum(map(fast_errors, records)), 2)
