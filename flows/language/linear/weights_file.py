"""The lines of a file of weights, found by name. Owns the file beside it that says where each line is.

A file has families in brackets, and in each of them lines of a feature, a mark, and what is known of it. As a dict of
texts the same lines take five times the memory. File and index are mapped, so that of both only those pages are in
memory that somebody's words were looked for in. An index says of which weights it was made, and counts for no others.
"""

from __future__ import annotations

from array import array
from hashlib import sha256
from typing import TYPE_CHECKING, Final
from zlib import crc32

from flows.language.mapped_file import let_go, mapped

if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterable, Iterator
    from pathlib import Path

ROOM: Final = 1.5
"""At least so many places for each line: one is found, or known to be missing, at the first look or the next."""
DIGEST: Final = 32
"""Bytes of the digest of the weights, with which an index begins."""


class WeightLines:
    """Lines by the name of their family and feature, such as "w bus"."""

    def __init__(self, content: bytes | mmap.mmap, mark: bytes, index: bytes | mmap.mmap | None = None) -> None:
        """`mark` stands in a line between the feature and what is known of it, for the last time."""
        self._content, self._mark = content, mark
        view = memoryview(indexed(content[:], mark) if index is None else index)
        told = DIGEST + 4 + int.from_bytes(view[DIGEST : DIGEST + 4], "little")
        self.families: dict[str, tuple[int, int]] = {}
        """Where each family begins and ends in the file."""
        for line in str(view[DIGEST + 4 : told], "utf-8").split("\n"):
            name, begins, ends = line.split()
            self.families[name] = int(begins), int(ends)
        self._slots = view[told + -told % 8 :].cast("Q")
        self._mask = len(self._slots) - 1

    @classmethod
    def of(cls, lines: Iterable[str], mark: bytes) -> WeightLines:
        """Return the lines that a file would have."""
        return cls("".join(f"{line}\n" for line in lines).encode(), mark)

    def let_go(self) -> None:
        """Let go of what was only looked at while a model was made of these lines."""
        let_go(self._content)
        let_go(self._slots.obj)

    def __contains__(self, name: str) -> bool:
        return self.find(name) is not None

    def find(self, name: str) -> bytes | None:
        """Return what is known of a feature."""
        key = name.encode()
        code = crc32(key)
        slots, mask = self._slots, self._mask
        place = code & mask
        while slot := slots[place]:
            if slot & 0xFFFFFFFF == code:  # of two families the codes always differ, since their names hardly do
                feature = key[key.index(b" ") + 1 :] + self._mark
                content, start = self._content, slot >> 32
                end = start + len(feature)
                if content[start:end] == feature:
                    known = content[end : content.find(b"\n", end)]
                    if self._mark not in known:
                        return known
            place = (place + 1) & mask
        return None

    def family(self, name: str) -> Iterator[tuple[str, bytes]]:
        """Yield the features of one family with what is known of them."""
        for line in self._content[slice(*self.families.get(name, (0, 0)))].splitlines():
            feature, _, known = line.rpartition(self._mark)
            yield feature.decode(), known

    def alone(self, name: str) -> list[str]:
        """Return the lines of a family in which nothing is known of anything."""
        return self._content[slice(*self.families.get(name, (0, 0)))].decode().splitlines()


def opened(path: Path, mark: bytes) -> WeightLines:
    """Return the lines of a file, by the index beside it if that was made of this very file."""
    with path.open("rb") as file:
        content = mapped(file)
    index = index_of(path)
    if index.is_file():
        with index.open("rb") as file:
            if file.read(DIGEST) == sha256(path.read_bytes()).digest():
                return WeightLines(content, mark, mapped(file))
    return WeightLines(content, mark)


def index_of(path: Path) -> Path:
    """Return where the index of a file of weights is."""
    return path.with_suffix(".index")


def indexed(content: bytes, mark: bytes) -> bytes:
    """Return the index of a file: its digest, its families, and by the code of each name where its line begins."""
    families, named = list[str](), list[tuple[int, int]]()
    family, begun, place = "", 0, 0
    for line in content.splitlines(keepends=True):
        if line.startswith(b"[") and mark not in line:
            families.append(f"{family} {begun} {place}")
            family, begun = line.strip(b"[]\n").decode(), place + len(line)
        else:
            feature, marked, _ = line.rpartition(mark)
            if marked:
                named.append((crc32(family.encode() + b" " + feature), place))
        place += len(line)
    families.append(f"{family} {begun} {place}")
    slots = array("Q", bytes(8 << int(ROOM * len(named)).bit_length()))
    mask = len(slots) - 1
    for code, start in named:
        slot = code & mask
        while slots[slot]:
            slot = (slot + 1) & mask
        slots[slot] = start << 32 | code
    told = "\n".join(families[1:]).encode()
    head = sha256(content).digest() + len(told).to_bytes(4, "little") + told
    return head + bytes(-len(head) % 8) + slots.tobytes()
