"""Sequences whose members are made when they are asked for, so that many take little memory."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar, overload

Member = TypeVar("Member")


class Made(Sequence[Member], Generic[Member]):
    """A sequence that makes its members by their numbers; two looks at one make it twice.

    A subclass says how many there are and makes one.
    """

    @abstractmethod
    def member(self, number: int) -> Member:
        """Return the member of a number from 0 up to the length."""

    def __iter__(self) -> Iterator[Member]:
        return map(self.member, range(len(self)))

    @overload
    def __getitem__(self, index: int) -> Member: ...
    @overload
    def __getitem__(self, index: slice) -> list[Member]: ...
    def __getitem__(self, index: int | slice) -> Member | list[Member]:
        numbers = range(len(self))[index]
        if isinstance(numbers, range):
            return [self.member(number) for number in numbers]
        return self.member(numbers)


class OnDemand(Made[Member]):
    """Members made of the numbers that they have elsewhere.

    Parameters
    ----------
    numbers : sequence of int
        A range or an array.
    make : function (number) -> member

    Examples
    --------
    >>> OnDemand(range(1, 4), lambda number: "ab" * number)[-1]
    'ababab'
    """

    def __init__(self, numbers: Sequence[int], make: Callable[[int], Member]) -> None:
        self._numbers = numbers
        self._make = make

    def __len__(self) -> int:
        return len(self._numbers)

    def member(self, number: int) -> Member:
        """Make one of what it is elsewhere."""
        return self._make(self._numbers[number])
