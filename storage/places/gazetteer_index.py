"""What is found of a gazetteer without reading it: its lines and an index of them, in one file that is mapped.

Owns the file beside a gazetteer, `<name>.index`. It says of which gazetteer it was made, and counts for no other.
"""

from __future__ import annotations

import json
import mmap
import re
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from typing import Any
from zlib import crc32

from storage.places.spelling import normalise

DIGEST = 32
"""Bytes of the digest with which an index begins."""
_MADE_BY = (Path(__file__), Path(__file__).with_name("spelling.py"))
"""What an index hangs on beside the gazetteer."""

Sections = Mapping[str, memoryview]


class NameIndex:
    """Names in the order in which they were met, and the numbers of the lines of each; no name is an object."""

    def __init__(self, sections: Sections, prefix: str) -> None:
        self._names = sections[f"{prefix} names"]
        """Each behind an end of a line, with one more behind the last."""
        self._begins = sections[f"{prefix} begins"].cast("I")
        self._from = sections[f"{prefix} from"].cast("I")
        self._lines = sections[f"{prefix} lines"].cast("I")
        self._slots = sections[f"{prefix} slots"].cast("I")

    def __len__(self) -> int:
        return len(self._begins) - 1

    def __iter__(self) -> Iterator[str]:
        return iter(str(self._names, "utf-8").split("\n")[1:-1])

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._number(name) is not None

    def lines(self, name: str) -> tuple[int, ...]:
        """Return the numbers of the lines of a name."""
        number = self._number(name)
        return () if number is None else tuple(self._lines[self._from[number] : self._from[number + 1]])

    def beginning(self, start: str) -> Iterator[str]:
        """Yield the names that begin so."""
        for found in re.finditer(b"(?<=\n)" + re.escape(start.encode()) + b"[^\n]*", self._names):
            yield found[0].decode()

    def _number(self, name: str) -> int | None:
        said = name.encode()
        mask = len(self._slots) - 1
        slot = crc32(said) & mask
        while number := self._slots[slot]:
            if self._names[self._begins[number - 1] : self._begins[number] - 1] == said:
                return number - 1
            slot = (slot + 1) & mask
        return None


def _packed(prefix: str, entries: Mapping[str, Sequence[int]]) -> dict[str, bytes]:
    """Return the sections of a `NameIndex`."""
    names = [name.encode() for name in entries]
    slots = array("I", bytes(4 << max(1, 2 * len(names)).bit_length()))
    for number, name in enumerate(names, 1):
        slot = crc32(name) & (len(slots) - 1)
        while slots[slot]:
            slot = (slot + 1) & (len(slots) - 1)
        slots[slot] = number
    return {
        f"{prefix} names": b"\n" + b"".join(name + b"\n" for name in names),
        f"{prefix} begins": _numbers(accumulate((len(name) + 1 for name in names), initial=1)),
        f"{prefix} from": _numbers(accumulate(map(len, entries.values()), initial=0)),
        f"{prefix} lines": _numbers(line for lines in entries.values() for line in lines),
        f"{prefix} slots": slots.tobytes(),
    }


def _numbers(numbers: Iterable[int]) -> bytes:
    return array("I", numbers).tobytes()


def indexed(content: bytes, words_of_lands: Iterable[str] = ()) -> bytes:
    """Return the sections of a gazetteer's lines, one after the other. Raises KeyError and ValueError for a bad line.

    `words_of_lands` are names that tell where a place is and stand in no line.
    """
    lines, areas = list[tuple[int, int]](), list[tuple[int, int]]()
    named, outward, settlements = dict[str, list[int]](), dict[str, list[int]](), dict[str, list[int]]()
    districts, points, place = bytearray(), list[tuple[float, float, int, int]](), 0
    last_words = dict.fromkeys(name.rpartition(" ")[2] for name in words_of_lands)
    for line in content.splitlines(keepends=True):
        begins, place = place, place + len(line)
        row: dict[str, Any] = json.loads(line)
        if "format" in row:
            continue
        if "area" in row:
            areas.append((begins, place))
            for name in (row["name"], *row.get("aliases", ()), *row.get("wider", ())):
                last_words[normalise(name).rpartition(" ")[2]] = None
            continue
        number = len(lines)
        lines.append((begins, place))
        districts.append("district" in row)
        if "outward" in row:
            if not all(str(found) in settlements for found in row.get("places", ())):
                raise ValueError("unknown place")
            outward[row["outward"]] = [number]
            continue
        if "place" in row:
            settlements[str(row["place"])] = [number]
            points.append((row["latitude"], row["longitude"], row.get("population") or 0, number))
        for name in (row.get("district") or row["name"], *row.get("aliases", ())):
            known = named.setdefault(normalise(name), [])
            if all(line != content[slice(*lines[other])] for other in known):
                known.append(number)
    named.pop("", None)
    only_parts = bytes(all(districts[number] for number in numbers) for numbers in named.values())
    last_words.update(
        dict.fromkeys(name.rpartition(" ")[2] for name, is_part in zip(named, only_parts, strict=True) if not is_part)
    )
    points.sort()
    return _joined(
        {
            "content": content,
            "areas": _numbers(each for area in areas for each in area),
            "lines": _numbers(each for line in lines for each in line),
            "settled": _numbers(number for numbers in settlements.values() for number in numbers),
            "is district": bytes(districts),
            "only parts": only_parts,
            "north": array("d", [north for north, _, _, _ in points]).tobytes(),
            "east": array("d", [east for _, east, _, _ in points]).tobytes(),
            "people": _numbers(people for _, _, people, _ in points),
            "line of point": _numbers(number for _, _, _, number in points),
            **_packed("named", named),
            **_packed("outward", outward),
            **_packed("settlement", settlements),
            **_packed("last words", dict.fromkeys(last_words, ())),
        }
    )


def _joined(sections: Mapping[str, bytes]) -> bytes:
    told, made = dict[str, tuple[int, int]](), bytearray()
    for name, content in sections.items():
        told[name] = len(made), len(made) + len(content)
        made += content + bytes(-len(content) % 8)
    head = json.dumps(told).encode()
    head += b" " * (-(len(head) + 8) % 8)
    return len(head).to_bytes(8, "little") + head + made


def sections_of(content: bytes | memoryview) -> Sections:
    """Return the sections by name."""
    view = memoryview(content)
    begin = 8 + int.from_bytes(view[:8], "little")
    told = json.loads(bytes(view[8:begin]))
    return {name: view[begin + start : begin + end] for name, (start, end) in told.items()}


def index_of(file: Path) -> Path:
    """Return where the index of a gazetteer is."""
    return file.with_name(f"{file.name.partition('.')[0]}.index")


def digest(packed: bytes) -> bytes:
    """Return what tells whether an index was made of a gazetteer as it stands in its file, and by the same rules."""
    told = sha256(packed)
    for path in _MADE_BY:
        told.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return told.digest()


def let_go(sections: Sections) -> None:
    """Let go of the pages of a kept index that were only looked at while it was opened; others come back if needed."""
    held = next(iter(sections.values())).obj
    if isinstance(held, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        held.madvise(mmap.MADV_DONTNEED)


def kept(file: Path) -> Sections | None:
    """Return what the index of a gazetteer holds; None where there is none, or it was made of another one."""
    index = index_of(file)
    if not index.is_file():
        return None
    with index.open("rb") as opened:
        if opened.read(DIGEST) != digest(file.read_bytes()):
            return None
        return sections_of(memoryview(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ))[DIGEST:])
