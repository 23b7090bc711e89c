"""The formats stories leave in: they can be read back, and no cell runs in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.export.formats import FORMATS
from storage.export.formats import csv as as_csv
from storage.export.formats.columns import COLUMNS, NAMES

if TYPE_CHECKING:
    from storage.export.formats.columns import Row

STORABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def row(**filled: Any) -> Row:
    return {name: filled.get(name, "") for name in NAMES}


def written(name: str, rows: list[Row]) -> bytes:
    stream = io.BytesIO()
    next(one for one in FORMATS if name == one.NAME).write(iter(rows), stream)
    assert not stream.closed
    return stream.getvalue()


def read_csv(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(
    ("told", "cell"),
    [
        ("=HYPERLINK(A1)", "'=HYPERLINK(A1)"),
        ("+44 1236 000000 is the number", "'+44 1236 000000 is the number"),
        ("-1 for that", "'-1 for that"),
        ("@SUM(1+1)*cmd|' /C calc'!A0", "'@SUM(1+1)*cmd|' /C calc'!A0"),
        ("\t=1+1", "'\t=1+1"),
        ("\r=1+1", "'\r=1+1"),
        ("\n=1+1", "'\n=1+1"),
        (" =1+1", "' =1+1"),
        ("\u200b=1+1", "'\u200b=1+1"),
        ("\ufeff=1+1", "'\ufeff=1+1"),
        ("＝1+1", "'＝1+1"),
        ("|calc", "'|calc"),
        ("%0A=1", "'%0A=1"),
        ("They said 1+1=2", "They said 1+1=2"),
        ("“Quoted”, with a comma", "“Quoted”, with a comma"),
        ("'already quoted'", "'already quoted'"),
        ("", ""),
        ("   ", "   "),
        ("2026-11", "'2026-11"),
        ("10/10", "'10/10"),
        (" 3-4 ", "' 3-4 "),
        ("12.30", "'12.30"),
        ("9pm", "'9pm"),
        ("£40", "'£40"),
        ("007", "'007"),
        ("12e3456789012345", "'12e3456789012345"),
        ("5 May", "'5 May"),
        ("Nov 2026", "'Nov 2026"),
        ("1st of May", "1st of May"),
        ("May", "May"),
        ("May it go on", "May it go on"),
        ("TRUE", "'TRUE"),
        ("4 buses", "4 buses"),
        ("9 to 5", "9 to 5"),
        ("S12000050", "S12000050"),
    ],
)
def test_no_cell_is_a_formula(told: str, cell: str) -> None:
    (read,) = read_csv(written("csv", [row(text=told)]))
    assert read["text"] == cell


@given(STORABLE)
def test_no_cell_ever_starts_as_a_formula(told: str) -> None:
    cell = as_csv.cell(told)
    assert cell in (told, f"'{told}")
    assert cell.lstrip(as_csv.UNSEEN)[:1] not in as_csv.FORMULA_STARTS or not cell.lstrip(as_csv.UNSEEN)


@given(st.lists(STORABLE, max_size=3))
def test_lists_are_neutralised_as_well(values: list[str]) -> None:
    seen = as_csv.cell(list(values)).lstrip(as_csv.UNSEEN)
    assert not seen or seen[0] not in as_csv.FORMULA_STARTS


@given(st.lists(STORABLE, min_size=1, max_size=4))
def test_a_spreadsheet_reads_back_what_was_told(texts: list[str]) -> None:
    read = read_csv(written("csv", [row(text=told) for told in texts]))
    assert [cell["text"] for cell in read] == [as_csv.cell(told) for told in texts]


@given(st.lists(STORABLE, min_size=1, max_size=4))
def test_a_program_reads_back_what_was_told(texts: list[str]) -> None:
    lines = written("jsonl", [row(text=told, scales=["society"]) for told in texts]).decode().split("\n")
    assert lines.pop() == ""
    read = [json.loads(line) for line in lines]
    assert [line["text"] for line in read] == texts
    assert all(line["scales"] == ["society"] and list(line) == list(NAMES) for line in read)


def test_excel_is_told_that_it_is_utf_8_and_sees_the_columns_in_order() -> None:
    content = written("csv", [])
    assert content == b"\xef\xbb\xbf" + ",".join(NAMES).encode() + b"\r\n"


def test_half_a_sign_does_not_stop_an_export() -> None:
    assert "?" in read_csv(written("csv", [row(text="half \ud83d")]))[0]["text"]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (["individual", "society"], "individual | society"),
        ([], ""),
        ({}, ""),
        ({"scale": ["society"]}, '{"scale": ["society"]}'),
        (4, "4"),
        (-4, "-4"),
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (2025, "2025"),
    ],
)
def test_values_that_are_not_words(value: Any, cell: str) -> None:
    assert as_csv.cell(value) == cell


@pytest.mark.parametrize("sign", ["a", "ŵ", "🙂"])
def test_a_story_too_long_for_a_cell_ends_there_and_says_so(sign: str) -> None:
    units = len(sign.encode("utf-16-le")) // 2
    fits = sign * (as_csv.LONGEST_CELL // units)
    told = [fits, fits + sign * 1000]
    out = io.BytesIO()
    assert as_csv.write((row(text=text) for text in told), out) == 1
    whole, cut = (cell["text"] for cell in read_csv(out.getvalue()))
    assert whole == fits
    assert len(cut.encode("utf-16-le")) // 2 <= as_csv.LONGEST_CELL
    kept, _, says = cut.partition(" … [it goes on: ")
    assert set(kept) == {sign}
    assert int(says.split()[0]) == len(told[1]) - len(kept)
    assert "JSON Lines" in says
    assert json.loads(written("jsonl", [row(text=told[1])]))["text"] == told[1]


def test_every_format_says_what_it_is() -> None:
    assert [one.NAME for one in FORMATS] == ["csv", "jsonl"]
    assert all(one.HINT for one in FORMATS)
    assert all(one.TITLE and "charset=utf-8" in one.CONTENT_TYPE for one in FORMATS)


def test_every_column_has_a_meaning_of_its_own() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert len({column.meaning for column in COLUMNS}) == len(COLUMNS)
