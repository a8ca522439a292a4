"""Random requests: what the schema of an operation allows, and requests of the shared vectors with something changed."""

from __future__ import annotations

import copy
import json
from functools import lru_cache
from typing import Any, Dict, List, Tuple

from hypothesis import strategies as st

from conftest import ROOT, vector_cases

Schema = Dict[str, Any]

_SMALL = st.sampled_from(["", "1", "A", "B", "P1", "V1", "L1", "04", "09", "张三", "门诊", "110101199003070134", "13800138000", "2026-03-10", "2026-03-10T10:00:00+08:00", "1.5", "-0", "１"])
_TEXT = _SMALL | st.text(max_size=8)
_NUMBER = st.integers(-3, 40) | st.sampled_from([100, 12345, -1, 2**31, 2**32, 2**53 - 1, 2**53 + 1, 2**63 - 1, -(2**63), 2**63, 2**64, 10**10, 10**25])
ANYTHING = st.recursive(
    st.none() | st.booleans() | _NUMBER | st.floats(allow_nan=False, allow_infinity=False) | _TEXT,
    lambda values: st.lists(values, max_size=3) | st.dictionaries(_TEXT, values, max_size=3),
    max_leaves=6,
)


def _texts(schema: Schema) -> st.SearchStrategy[str]:
    if schema.get("format") == "date":
        return st.dates().map(str)
    if schema.get("format") == "date-time":
        return st.datetimes().map(lambda at: f"{at.isoformat(timespec='milliseconds')}+08:00")
    if "pattern" in schema:
        return st.from_regex(schema["pattern"].replace("[0-9]+", "[0-9]{1,4}"), fullmatch=True)
    return _TEXT


def _of(schema: Any, definitions: Schema) -> st.SearchStrategy[Any]:
    """Values of a schema, by and large."""
    if not isinstance(schema, dict):
        return ANYTHING
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return st.deferred(lambda: _named(json.dumps(definitions, sort_keys=True), name))
    if "const" in schema:
        return st.just(schema["const"])
    for word in ("oneOf", "anyOf"):
        if word in schema:
            return st.one_of([_of(one, definitions) for one in schema[word]])
    kinds = schema.get("type")
    if isinstance(kinds, list):
        return st.one_of([_of({**schema, "type": kind}, definitions) for kind in kinds])
    if kinds == "object":
        members = {name: _of(member, definitions) for name, member in schema.get("properties", {}).items()}
        if not members and isinstance(schema.get("additionalProperties"), dict):
            return st.dictionaries(_TEXT, _of(schema["additionalProperties"], definitions), max_size=3)
        required = schema.get("required", [])
        return st.fixed_dictionaries({name: members[name] for name in required}, optional={name: value for name, value in members.items() if name not in required})
    if kinds == "array":
        return st.lists(_of(schema.get("items"), definitions), max_size=3)
    if kinds == "integer":
        low, high = schema.get("minimum", -(2**63)), schema.get("maximum", 2**63 - 1)
        return st.integers(max(low, -100_000), min(high, 100_000)) | st.integers(low, high)
    return {"string": _texts(schema), "boolean": st.booleans(), "null": st.none()}.get(kinds, ANYTHING)


@lru_cache(maxsize=None)
def _named(definitions: str, name: str) -> st.SearchStrategy[Any]:
    every = json.loads(definitions)
    return _of(every[name], every)


def _places(value: Any, at: Tuple[Any, ...] = ()) -> List[Tuple[Any, ...]]:
    """The paths of every value within."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at] + [place for key, member in items for place in _places(member, (*at, key))]


@st.composite
def _changed(draw: st.DrawFn, seeds: List[Any]) -> Any:
    """A request of the vectors with up to four changes: a member gone, doubled, new, or of another value."""
    request = {"": copy.deepcopy(draw(st.sampled_from(seeds)))}
    for _ in range(draw(st.integers(0, 4))):
        places = _places(request)[1:]
        *way, last = draw(st.sampled_from(places))
        holder: Any = request
        for key in way:
            holder = holder[key]
        change = draw(st.sampled_from(["value", "other", "near", "gone", "new", "twice"]))
        if change == "value":
            holder[last] = draw(ANYTHING)
        elif change == "other":
            other: Any = request
            for key in draw(st.sampled_from(places)):
                other = other[key]
            holder[last] = copy.deepcopy(other)
        elif change == "near" and isinstance(holder[last], int):
            holder[last] += draw(st.integers(-2, 2))
        elif change == "gone" and way:
            del holder[last]
        elif change == "new" and isinstance(holder[last], dict):
            holder[last][draw(_TEXT)] = draw(ANYTHING)
        elif change == "twice" and isinstance(holder[last], list):
            holder[last].extend(copy.deepcopy(holder[last][:2]))
    return request[""]


@st.composite
def _broken(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> str:
    """The text of a request, now and then cut off or with a character changed."""
    text = json.dumps(draw(values), ensure_ascii=draw(st.booleans()), separators=draw(st.sampled_from([(",", ":"), (", ", ": ")])))
    how = draw(st.sampled_from(["whole"] * 8 + ["cut", "char", "twice"]))
    at = draw(st.integers(0, max(len(text) - 1, 0)))
    if how == "cut":
        return text[:at]
    if how == "char":
        return text[:at] + draw(st.sampled_from('{}[],:"\\0-.e 张\ufeff')) + text[at + 1 :]
    # The last member again, or the whole text.
    return text + text if how == "twice" else text


def requests(op: str) -> st.SearchStrategy[str]:
    """Texts of requests of an operation, many of them right, many wrong."""
    schema = json.loads((ROOT / "docs/schema" / f"{op}.json").read_text(encoding="utf-8"))["request"]
    seeds = [case["request"] for _, of, case in vector_cases() if of == op and "request" in case]
    values = _of(schema, schema.get("$defs", {}))
    return _broken(st.one_of([values, *([_changed(seeds)] * 2 if seeds else [])]))
