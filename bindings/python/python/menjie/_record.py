"""What the types of the contract have in common: JSON in, JSON out, amounts in yuan."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from decimal import Decimal
from threading import RLock
from typing import TYPE_CHECKING, Any, Callable, ClassVar, Dict, FrozenSet, Iterator, List, Mapping, Optional, Tuple, Type, TypeVar

_R = TypeVar("_R", bound="Record")

_Read = Callable[[Any], Any]

_making = RLock()


class _Deferred(type):
    """Classes that become dataclasses when that is first asked for.

    To make one takes about half a millisecond, and there are hundreds of which a program uses a few.
    """

    if not TYPE_CHECKING:
        # Checkers see plain dataclasses, and still find attributes that are misspelt.
        def __getattr__(cls, name: str) -> Any:
            if name in ("__dataclass_fields__", "__signature__") and not cls._made:
                _make(cls)
                return getattr(cls, name)
            raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}")


def deferred(cls: Type[_R]) -> Type[_R]:
    """``dataclasses.dataclass(frozen=True)``, at first use."""
    cls._made = False
    return cls


def _make(cls: Type[Record]) -> None:
    with _making:
        # A subclass that a program writes itself waits for its bases, and is no dataclass unless it says so.
        for one in reversed(cls.__mro__):
            if one.__dict__.get("_made") is False:
                dataclass(frozen=True)(one)
                setattr(one, "_made", True)


class Record(metaclass=_Deferred):
    """An object of the contract; its subclasses are frozen dataclasses."""

    # Is it a dataclass by now?
    _made: ClassVar[bool] = True

    # Names that are words of Python: name of the attribute → name in JSON.
    _keys: ClassVar[Mapping[str, str]] = {}
    # How members that are no plain values are read.
    _reads: ClassVar[Mapping[str, _Read]] = {}
    # Members that are always there, perhaps as null.
    _nulls: ClassVar[FrozenSet[str]] = frozenset()

    # `fields` wants a dataclass, and every subclass is one.
    __dataclass_fields__: ClassVar[Dict[str, Any]]

    if not TYPE_CHECKING:
        # Pickles and copies are made without __init__, never without this.
        def __new__(cls, *args: Any, **members: Any) -> Any:
            if not cls._made:
                _make(cls)
            return super().__new__(cls)

    @classmethod
    def from_json(cls: Type[_R], value: Any) -> _R:
        """Reads an object; members that are not known are ignored, and one that is missing is a ``ValueError``."""
        if not isinstance(value, Mapping):
            raise ValueError(f"{cls.__name__}: is not an object")
        members: Dict[str, Any] = {}
        for one in fields(cls):
            key = cls._keys.get(one.name, one.name)
            if not one.init:
                if value.get(key) != one.default:
                    raise ValueError(f"{cls.__name__}.{key}: is not {one.default!r}")
            elif key in value:
                member = value[key]
                read = cls._reads.get(one.name)
                members[one.name] = member if read is None or member is None else read(member)
            elif one.default is MISSING and one.name not in cls._nulls:
                raise ValueError(f"{cls.__name__}.{key}: is missing")
            else:
                members[one.name] = None
        return cls(**members)

    def _repr_html_(self) -> str:
        """What a notebook shows: amounts in yuan, persons masked."""
        from . import display

        return display.html(self)

    def to_json(self) -> Dict[str, Any]:
        """Writes the object; what is None is left out, where it may be."""
        return {key: plain(member) for key, member, _ in given_members(self)}


def given_members(record: Record) -> Iterator[Tuple[str, Any, bool]]:
    """The members that are written: name in JSON, value, and whether it is private (``repr=False``)."""
    for one in fields(record):
        member = getattr(record, one.name)
        if member is not None or one.name in record._nulls:
            yield record._keys.get(one.name, one.name), member, not one.repr


def plain(value: Any) -> Any:
    """A value as JSON has it: records become dicts, sequences lists."""
    if isinstance(value, Record):
        return value.to_json()
    if isinstance(value, Mapping):
        return {key: plain(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def given(record: Any, request: Optional[Any], members: Mapping[str, Any]) -> Any:
    """The request of a call, as JSON: a dataclass, a mapping, or keyword arguments, which are the members of ``record``."""
    if request is None:
        return record(**members).to_json()
    if members:
        raise TypeError("a request is given as one argument or as keyword arguments, not both")
    if not isinstance(request, (Record, Mapping)):
        raise TypeError(f"a request is a dataclass or a mapping, not {type(request).__name__}")
    return plain(request)


def each(read: _Read) -> _Read:
    """Reads every item of a list."""

    def items(value: Any) -> List[Any]:
        if not isinstance(value, (list, tuple)):
            raise ValueError("is not a list")
        return [None if item is None else read(item) for item in value]

    return items


def values(read: _Read) -> _Read:
    """Reads every value of an object."""

    def members(value: Any) -> Dict[str, Any]:
        if not isinstance(value, Mapping):
            raise ValueError("is not an object")
        return {key: None if member is None else read(member) for key, member in value.items()}

    return members


def of_tag(union: str, tag: str, forms: Mapping[str, Type[Record]], value: Any) -> Any:
    """Reads the form of a union that the member ``tag`` names."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{union}: is not an object")
    word = value.get(tag)
    form = forms.get(word) if isinstance(word, str) else None
    if form is None:
        raise ValueError(f"{union}.{tag}: is not one of {', '.join(forms)}")
    return form.from_json(value)


def yuan(fen: int) -> Decimal:
    """Fen in yuan, exactly: 12132 → ``Decimal("121.32")``."""
    # Made from digits, so that no context rounds it.
    return Decimal(f"{fen}E-2")
