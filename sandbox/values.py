"""`@value`: a class that is only its fields: compared by them, printed with them, never changed.

What `@dataclass(frozen=True)` gives, without importing dataclasses: that import takes 11 ms,
and a whole launch 25. A test holds the two side by side.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar, dataclass_transform

    T = TypeVar("T")

    @dataclass_transform(frozen_default=True)
    def value(cls: type[T]) -> type[T]: ...

else:

    def value(cls):
        """Make `cls` a frozen record of its annotated fields; `__post_init__` may check them."""
        cls.__match_args__ = tuple(cls.__dict__.get("__annotations__", ()))  # noqa: RUF063 - inspect must not load
        for method in (__init__, __eq__, __hash__, __repr__, __setattr__, __delattr__):
            if method.__name__ not in cls.__dict__ or method.__name__ == "__hash__":
                setattr(cls, method.__name__, method)
        return cls


def replace(one: T, **fields: Any) -> T:
    """A value like `one` with other content in these fields, checked anew."""
    kept: dict[str, Any] = {name: one.__dict__[name] for name in type(one).__match_args__}  # type: ignore[attr-defined]
    return type(one)(**{**kept, **fields})


def __init__(self: Any, *given: Any, **named: Any) -> None:
    fields = self.__match_args__
    if named or len(given) != len(fields):
        given = _complete(self, given, named)
    self.__dict__.update(zip(fields, given, strict=True))
    if hasattr(self, "__post_init__"):
        self.__post_init__()


def _complete(self: Any, given: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
    """The content of all fields, in order: what was given, then by name, then by default."""
    fields = self.__match_args__
    if len(given) > len(fields):
        raise TypeError(f"{type(self).__name__} takes {len(fields)} arguments, {len(given)} were given")
    left = fields[len(given) :]
    for name in named:
        if name not in left:
            raise TypeError(f"{type(self).__name__} got an unexpected or repeated argument {name!r}")
    for name in left:
        if name not in named and not hasattr(type(self), name):
            raise TypeError(f"{type(self).__name__} misses its argument {name!r}")
    return (*given, *(named[name] if name in named else getattr(type(self), name) for name in left))


def _content(self: Any) -> tuple[Any, ...]:
    return tuple(self.__dict__[name] for name in self.__match_args__)


def __eq__(self: Any, other: object) -> bool:
    return _content(self) == _content(other) if type(other) is type(self) else NotImplemented


def __hash__(self: Any) -> int:
    return hash((type(self), _content(self)))


def __repr__(self: Any) -> str:
    fields = ", ".join(f"{name}={self.__dict__[name]!r}" for name in self.__match_args__)
    return f"{type(self).__name__}({fields})"


def __setattr__(self: Any, name: str, _content: Any) -> None:
    raise AttributeError(f"cannot assign to {name!r}: a {type(self).__name__} never changes")


def __delattr__(self: Any, name: str) -> None:
    raise AttributeError(f"cannot delete {name!r}: a {type(self).__name__} never changes")
