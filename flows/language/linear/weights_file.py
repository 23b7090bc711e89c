"""The lines of a file of weights, found by name: the file as it is, and twelve bytes a line beside it.

A file has families in brackets, and in each of them lines of a feature, a mark, and what is known of it. As a dict of
texts the same lines take five times the memory.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOM: Final = 1.5
"""At least so many places for each line: one is found, or known to be missing, at the first look or the next."""


class WeightLines:
    """Lines by the name of their family and feature, such as "w bus".

    They are told apart by their hashes of 64 bits: that two of a hundred thousand names are alike in them is less
    likely than that the memory fails.
    """

    def __init__(self, content: bytes, mark: bytes) -> None:
        """`mark` stands in a line between the feature and what is known of it, for the last time."""
        self._content, self._mark = content, mark
        self.families: dict[str, tuple[int, int]] = {}
        """Where each family begins and ends in the file."""
        named = list(self._named())
        self._mask = (1 << int(ROOM * len(named)).bit_length()) - 1
        self._hashes = array("q", bytes(8 * (self._mask + 1)))
        self._starts = array("i", bytes(4 * (self._mask + 1)))
        for code, start in named:
            place = code & self._mask
            while self._hashes[place]:
                place = (place + 1) & self._mask
            self._hashes[place], self._starts[place] = code, start

    def _named(self) -> Iterator[tuple[int, int]]:
        """Yield the hash of each name and where what is known of it begins."""
        family, begun, place = "", 0, 0
        for line in self._content.splitlines(keepends=True):
            if line.startswith(b"[") and self._mark not in line:
                self.families[family] = begun, place
                family, begun = line.strip(b"[]\n").decode(), place + len(line)
            else:
                feature, mark, _ = line.rpartition(self._mark)
                if mark:
                    yield _code(f"{family} {feature.decode()}"), place + len(feature) + len(mark)
            place += len(line)
        self.families[family] = begun, place
        del self.families[""]

    def __contains__(self, name: str) -> bool:
        return self._found(name) is not None

    def find(self, name: str) -> bytes | None:
        """Return what is known of a feature."""
        start = self._found(name)
        return None if start is None else self._content[start : self._content.index(b"\n", start)]

    def family(self, name: str) -> Iterator[tuple[str, bytes]]:
        """Yield the features of one family with what is known of them."""
        for line in self._content[slice(*self.families.get(name, (0, 0)))].splitlines():
            feature, _, known = line.rpartition(self._mark)
            yield feature.decode(), known

    def alone(self, name: str) -> list[str]:
        """Return the lines of a family in which nothing is known of anything."""
        return self._content[slice(*self.families.get(name, (0, 0)))].decode().splitlines()

    def _found(self, name: str) -> int | None:
        code = _code(name)
        hashes, place = self._hashes, code & self._mask
        while known := hashes[place]:
            if known == code:
                return self._starts[place]
            place = (place + 1) & self._mask
        return None


def _code(name: str) -> int:
    return hash(name) or 1
