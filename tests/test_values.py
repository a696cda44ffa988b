"""`@value` side by side with `@dataclass(frozen=True)`: whatever is done to one is done to the other."""

from __future__ import annotations

import copy
import dataclasses
import importlib
import pickle
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.values import value


class Plain:
    """Two fields, of which the second may be left out."""

    name: str
    number: int = 7

    @property
    def double(self) -> int:
        return 2 * self.number

    def __str__(self) -> str:
        return f"<{self.name}>"


class Checked:
    """Refuses at birth."""

    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"{self.low} > {self.high}")


class Empty:
    """No field at all."""


class Described:
    """Its own way to be shown and compared."""

    name: str

    def __repr__(self) -> str:
        return f"Described as {self.name}"


def twins(cls: type) -> tuple[Any, Any]:
    """The class as `value` makes it, and as `dataclass` does."""
    # A copy each: both decorators change the class they are given.
    body = {name: content for name, content in vars(cls).items() if name not in ("__dict__", "__weakref__")}
    ours, theirs = (type(cls.__name__, (), dict(body)) for _ in range(2))
    return value(ours), dataclasses.dataclass(frozen=True)(theirs)


def outcome(act: Callable[[], object]) -> object:
    """What an act gives, or the kind of its failure."""
    try:
        return act()
    except Exception as error:
        return type(error)


SHAPES = [Plain, Checked, Empty, Described]

CALLS: list[tuple[tuple[object, ...], dict[str, object]]] = [
    ((), {}),
    (("x",), {}),
    (("x", 1), {}),
    ((1, 2), {}),
    ((2, 1), {}),
    (("x", 1, 2), {}),
    ((), {"name": "x"}),
    ((), {"number": 1, "name": "x"}),
    ((), {"number": 1}),
    (("x",), {"number": 1}),
    (("x",), {"name": "y"}),
    (("x",), {"unknown": 1}),
    ((), {"low": 1, "high": 2}),
    ((1,), {"high": 0}),
    ((), {"self": 1}),
]


@pytest.mark.parametrize("cls", SHAPES)
@pytest.mark.parametrize(("given_", "named"), CALLS)
def test_a_call_gives_the_same_fields_or_fails_alike(
    cls: type, given_: tuple[object, ...], named: dict[str, object]
) -> None:
    ours, theirs = (outcome(lambda made=made: vars(made(*given_, **named))) for made in twins(cls))
    assert ours == theirs


@given(
    st.lists(st.integers(0, 2), max_size=3),
    st.dictionaries(st.sampled_from(["name", "number", "x"]), st.integers()),
)
def test_any_call_gives_the_same_fields_or_fails_alike(given_: list[int], named: dict[str, int]) -> None:
    ours, theirs = (outcome(lambda made=made: vars(made(*given_, **named))) for made in twins(Plain))
    assert ours == theirs


@pytest.mark.parametrize("cls", SHAPES)
def test_match_args_are_the_same(cls: type) -> None:
    ours, theirs = twins(cls)
    assert ours.__match_args__ == theirs.__match_args__


@given(st.tuples(st.integers(0, 2), st.integers(0, 2)), st.tuples(st.integers(0, 2), st.integers(0, 2)))
def test_values_are_equal_when_dataclasses_are_and_then_hash_alike(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    for made in twins(Plain):
        assert (made(*one) == made(*other)) is (one == other)
        assert (made(*one) != made(*other)) is (one != other)
        assert (hash(made(*one)) == hash(made(*other))) is (one == other)
        assert len({made(*one), made(*other)}) == len({one, other})


def test_a_value_equals_nothing_of_another_class() -> None:
    for made in twins(Plain):
        assert made("x") != ("x", 7)
        assert made("x") != twins(Plain)[0]("x")
        assert made.__eq__(made("x"), object()) is NotImplemented


def test_a_value_of_something_unhashable_has_no_hash() -> None:
    for made in twins(Plain):
        with pytest.raises(TypeError, match="unhashable"):
            hash(made([]))


@pytest.mark.parametrize(("cls", "given_"), [(Plain, ("x\n", 1)), (Checked, (1, 2)), (Empty, ()), (Described, ("x",))])
def test_a_value_is_shown_as_a_dataclass_is(cls: type, given_: tuple[object, ...]) -> None:
    ours, theirs = (made(*given_) for made in twins(cls))
    assert repr(ours) == repr(theirs).rpartition(".")[2]
    assert str(ours) == str(theirs).rpartition(".")[2]


@pytest.mark.parametrize("name", ["name", "number", "unknown", "__class__"])
def test_a_value_never_changes(name: str) -> None:
    for made in twins(Plain):
        made = made("x")
        with pytest.raises(AttributeError):
            setattr(made, name, "y")
        with pytest.raises(AttributeError):
            delattr(made, name)
        assert vars(made) == {"name": "x", "number": 7}


def test_methods_and_properties_are_kept() -> None:
    for made in twins(Plain):
        assert made("x", 3).double == 6
        assert str(made("x")) == "<x>"


def test_patterns_match_by_position_and_by_name() -> None:
    for made in twins(Plain):
        match made("x", 3):
            case made(name, number):
                assert (name, number) == ("x", 3)
            case _:
                pytest.fail("no match")
        match made("x", 3):
            case made(number=3):
                pass
            case _:
                pytest.fail("no match")


def test_the_class_itself_still_tells_the_default() -> None:
    for made in twins(Plain):
        assert made.number == 7
        assert not hasattr(made, "name")


@value
class Importable:
    """What pickle can find again."""

    name: str
    number: int = 7


def test_a_value_can_be_copied_and_pickled() -> None:
    one = Importable("x", 1)
    assert copy.copy(one) == one
    assert copy.deepcopy(one) == one
    assert pickle.loads(pickle.dumps(one)) == one


def values_of_ours() -> Iterator[type]:
    """Every `@value` class of the package."""
    import sandbox

    for module in pkgutil.walk_packages(sandbox.__path__, "sandbox."):
        if module.name != "sandbox.__main__":
            yield from filter(is_value, vars(importlib.import_module(module.name)).values())


def is_value(thing: object) -> bool:
    made_here = isinstance(thing, type) and "__match_args__" in vars(thing) and thing.__module__.startswith("sandbox.")
    return made_here and "__init__" in vars(thing) and vars(thing)["__init__"].__module__ == "sandbox.values"


@pytest.mark.parametrize(
    "cls", sorted(set(values_of_ours()), key=lambda cls: cls.__name__), ids=lambda cls: cls.__name__
)
def test_no_value_of_ours_asks_for_what_only_dataclasses_can(cls: type) -> None:
    has_default = [name in vars(cls) for name in cls.__match_args__]
    assert has_default == sorted(has_default), "a default before a field without one"
    assert cls.__bases__ == (object,), "inherited fields"
    assert not [text for text in cls.__annotations__.values() if "ClassVar" in text or "InitVar" in text]


def test_there_are_values_to_hold() -> None:
    assert {"Endpoint", "CreateVeth", "Command", "RunRequest"} <= {cls.__name__ for cls in values_of_ours()}
