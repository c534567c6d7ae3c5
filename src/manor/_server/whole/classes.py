"""The classes of objects that are hosted whole, each with a number by which clients ask for its shape."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from manor._server.whole.chains import lock
from manor._wire.marks import is_proxied, is_reading
from manor._wire.shapes import ATTRIBUTE, Shape, kind_of, shape_of
from manor.errors import ObjectGone

__all__ = ["HostedClass", "hosted_class", "numbered_class"]

_NAMES_MAX: Final = 1024
_numbers: Final[dict[type, int]] = {}
_classes: Final[list[HostedClass]] = []


class Marks(NamedTuple):
    """What is said of a method or attribute.

    Attributes:
        reads: Whether it changes nothing.
        proxied: Whether its result stays in the server.
    """

    reads: bool
    proxied: bool


class HostedClass:
    """A class of which there are objects.

    Attributes:
        number: Its number in this server.
        shape: What it looks like from outside.
        exposed: Its public methods, and those special ones that it has.
        usual: What has been asked for so far of that which needs no closer look: methods that are called by their
            names, and the reading of attributes.
    """

    def __init__(self, number: int, cls: type) -> None:
        self.number = number
        self.shape: Shape = shape_of(cls)
        methods = [name for name, kind in self.shape.members.items() if kind != ATTRIBUTE]
        special = [name for name, kind in self.shape.special.items() if kind is not None]
        self.exposed = frozenset(methods + special)
        self.usual = {"#GET"}
        self._class = cls
        self._methods: dict[str, Marks] = {}
        self._attributes: dict[str, Marks] = {}

    @property
    def typeid(self) -> str:
        """The name of the type."""
        return f"{self.shape.module}.{self.shape.qualname}"

    @property
    def record(self) -> tuple[str, ...]:
        """What a client is told: how to import the class, or else to ask for its shape."""
        return self.shape.module, self.shape.qualname, str(self.number)

    def marks_of_method(self, name: str) -> Marks:
        """Return what is said of a method."""
        found = self._methods.get(name)
        if found is None:
            value = self._static(name)
            found = Marks(is_reading(value), is_proxied(value))
            _remember(self._methods, name, found)
        return found

    def marks_of_attribute(self, name: str) -> Marks:
        """Return what is said of an attribute: to look at one that runs no code of the class changes nothing."""
        found = self._attributes.get(name)
        if found is None:
            value = self._static(name)
            is_variable = (value is None and not hasattr(self._class, "__getattr__")) or (
                value is not None and kind_of(value) == ATTRIBUTE
            )
            found = Marks(is_variable or is_reading(value), is_proxied(value))
            _remember(self._attributes, name, found)
        return found

    def note_usual(self, name: str) -> None:
        """Note the name of a method that is just called by it."""
        if len(self.usual) < _NAMES_MAX:
            self.usual.add(name)

    def _static(self, name: str) -> Any:
        for base in self._class.__mro__:
            if name in vars(base):
                return vars(base)[name]
        return None


def _remember(known: dict[str, Marks], name: str, found: Marks) -> None:
    if len(known) < _NAMES_MAX:  # a class that answers to any name has no end of them
        known[name] = found


def hosted_class(cls: type) -> HostedClass:
    """Return what is known of a class."""
    number = _numbers.get(cls)
    if number is None:
        with lock:
            number = _numbers.get(cls)
            if number is None:
                number = len(_classes)
                _classes.append(HostedClass(number, cls))
                _numbers[cls] = number
    return _classes[number]


def numbered_class(number: int) -> HostedClass:
    """Return the class of that number."""
    if not 0 <= number < len(_classes):
        raise ObjectGone(f"the manager's server has no class {number}")
    return _classes[number]
