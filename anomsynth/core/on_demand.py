"""Sequences whose members are made when they are asked for, so that many take little memory."""

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar, overload

Member = TypeVar("Member")


class OnDemand(Sequence[Member], Generic[Member]):
    """Members by numbers of which they are made; two looks at one make it twice.

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

    def __iter__(self) -> Iterator[Member]:
        return map(self._make, self._numbers)

    @overload
    def __getitem__(self, index: int) -> Member: ...
    @overload
    def __getitem__(self, index: slice) -> list[Member]: ...
    def __getitem__(self, index: int | slice) -> Member | list[Member]:
        if isinstance(index, slice):
            return [self._make(number) for number in self._numbers[index]]
        return self._make(self._numbers[index])
