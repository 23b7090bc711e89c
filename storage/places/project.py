"""The project's own list of places, read from a CSV file made in a spreadsheet.

A name that nobody could choose is refused: a number, or words that mean something else to Earshot, which whoever reads
the list tells it (`means_else`).
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable

from storage.places.place_records import ListProblem, ProjectPlace
from storage.places.postcode import without_full_postcodes
from storage.places.spelling import normalise

COLUMNS = ("id", "name", "aliases", "kind", "parent", "scheme", "code", "latitude", "longitude")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_GSS = re.compile(r"[ENSWK][0-9]{8}")
_LONGEST = {"id": 64, "name": 80, "aliases": 1_000, "kind": 40, "parent": 80, "scheme": 20, "code": 40}


class _Wrong(Exception):  # noqa: N818 - never leaves this module; it carries a problem out of a line
    def __init__(self, what: str, advice: str) -> None:
        super().__init__(what)
        self.what, self.advice = what, advice


def read_project_csv(
    text: str, means_else: Callable[[str], bool] = lambda _name: False
) -> tuple[list[ProjectPlace], list[ListProblem]]:
    """Return the good places of a list and everything wrong with the others, line by line.

    `means_else` says of a name whether whoever typed it would be understood otherwise: "Stop", "skip", "no".

    Columns: id, name, aliases (with | between them), kind, parent, scheme, code, latitude, longitude; only id and name
    are needed. Commas, semicolons or tabs may separate them; a byte order mark and Windows line ends do no harm. Points
    are rounded to two decimals (rule 88).
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    separator = max(",;\t", key=text.split("\n", 1)[0].count)
    places: list[ProjectPlace] = []
    problems: list[ListProblem] = []
    seen: dict[str, int] = {}
    called: dict[tuple[str, str], int] = {}
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    try:
        heading = [cell.strip().casefold() for cell in next(reader, [])]
        problems += _check_heading(heading)
        if not {"id", "name"} <= set(heading):
            return [], problems
        end = reader.line_num
        for cells in reader:
            line, end = end + 1, reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            try:
                place = _place(heading, cells, separator)
                _check_new(place.id, seen)
                _check_names(place, means_else)
                _check_called(place, called)
            except _Wrong as wrong:
                problems.append(ListProblem(line, wrong.what, wrong.advice))
            else:
                seen[place.id] = line
                called[normalise(place.name), normalise(place.parent)] = line
                places.append(place)
    except csv.Error:
        advice = "Look for a quotation mark that is opened and never closed, then save the list as CSV (UTF-8) again."
        problems.append(ListProblem(reader.line_num, "this line cannot be read.", advice))
    if not places and not problems:
        problems.append(
            ListProblem(2, "there are no places in this list.", "Write one place in each line under the heading.")
        )
    return places, problems


def _check_heading(heading: list[str]) -> list[ListProblem]:
    advice = f"The first line must name the columns: {','.join(COLUMNS)}."
    if not any(heading):
        return [ListProblem(1, "the list is empty.", advice)]
    problems = [ListProblem(1, f"the column “{n}” is missing.", advice) for n in ("id", "name") if n not in heading]
    unknown = [name for name in heading if name and name not in COLUMNS]
    problems += [ListProblem(1, f"the column “{name[:40]}” is not known.", advice) for name in unknown]
    twice = {name for name in heading if name and heading.count(name) > 1}
    return problems + [ListProblem(1, f"the column “{name[:40]}” is there twice.", advice) for name in sorted(twice)]


def _place(heading: list[str], cells: list[str], separator: str) -> ProjectPlace:
    if len(cells) > len(heading) and any(cell.strip() for cell in cells[len(heading) :]):
        raise _Wrong(
            f"there are {len(cells)} columns, but the heading names {len(heading)}.",
            "Put a name that has a comma in it between quotation marks.",
        )
    row = {name: " ".join(cell.split()) for name, cell in zip(heading, cells, strict=False)}
    _check_texts(row)
    latitude = _degrees(row.get("latitude", ""), "latitude", 90, separator)
    longitude = _degrees(row.get("longitude", ""), "longitude", 180, separator)
    if (latitude is None) != (longitude is None):
        raise _Wrong("only one half of the point is there.", "Give both latitude and longitude, or neither.")
    if latitude is not None and longitude is not None and abs(latitude) < 15 and longitude > 45:
        raise _Wrong("latitude and longitude seem to be swapped.", "In Britain and Ireland latitude is about 50 to 61.")
    aliases = tuple(dict.fromkeys(" ".join(alias.split()) for alias in row.get("aliases", "").split("|")))
    texts = {name: row.get(name, "") for name in ("id", "name", "parent", "code")}
    return ProjectPlace(
        **texts,
        aliases=tuple(alias for alias in aliases if normalise(alias)),
        kind=row.get("kind", "").casefold(),
        scheme=row.get("scheme", "").casefold(),
        latitude=latitude,
        longitude=longitude,
    )


def _check_new(place_id: str, seen: dict[str, int]) -> None:
    if place_id in seen:
        raise _Wrong(f"the id “{place_id}” is already used in line {seen[place_id]}.", "Give each place its own id.")


def _check_names(place: ProjectPlace, means_else: Callable[[str], bool]) -> None:
    for name in (place.name, *place.aliases):
        which = "name" if name == place.name else "other name"
        if normalise(name).replace(" ", "").isdigit():
            raise _Wrong(
                f"nobody could choose the {which} “{name}”: a number chooses from a list.", "Write it in words."
            )
        if means_else(name):
            advice = "Give the place a longer name, for example with its town, or leave this one out."
            raise _Wrong(f"nobody could choose the {which} “{name}”: it means something else to Earshot.", advice)


def _check_called(place: ProjectPlace, called: dict[tuple[str, str], int]) -> None:
    line = called.get((normalise(place.name), normalise(place.parent)))
    if line is not None:
        advice = "Keep one of them, or tell them apart by their name or parent."
        raise _Wrong(f"the place “{place.name}” is already in line {line}.", advice)


def _check_texts(row: dict[str, str]) -> None:
    for column, longest in _LONGEST.items():
        if len(row.get(column, "")) > longest:
            raise _Wrong(f"the {column} is longer than {longest} characters.", "Make it shorter.")
        if any(not c.isprintable() for c in row.get(column, "")):
            raise _Wrong(f"the {column} has a character that cannot be shown.", "Type it again.")
        if column != "id" and without_full_postcodes(row.get(column, "")) != row.get(column, ""):
            raise _Wrong(f"the {column} has a full postcode in it.", "Keep the first half only, for example BS5.")
    place_id, scheme, code = row.get("id", ""), row.get("scheme", "").casefold(), row.get("code", "")
    if not place_id:
        raise _Wrong("the id is missing.", "Give the place a short name of its own, for example knowle-west.")
    if not _ID.fullmatch(place_id):
        advice = "Use small letters, digits and hyphens only, for example knowle-west."
        raise _Wrong(f"the id “{place_id}” cannot be used.", advice)
    if not normalise(row.get("name", "")):
        raise _Wrong("the name is missing.", "Write the name as people say it.")
    if bool(scheme) != bool(code):
        raise _Wrong("scheme and code belong together.", "Give both (for example gss and E06000023), or neither.")
    if scheme == "gss" and not _GSS.fullmatch(code):
        raise _Wrong(
            f"“{code}” is not a GSS code.", "It is one capital letter and eight digits, for example E06000023."
        )


def _degrees(cell: str, name: str, most: int, separator: str) -> float | None:
    if not cell:
        return None
    try:
        degrees = float(cell.replace(",", ".") if separator != "," else cell)
    except ValueError:
        raise _Wrong(f"the {name} “{cell[:40]}” is not a number.", "Write it like 51.42, or leave it empty.") from None
    if not math.isfinite(degrees) or abs(degrees) > most:
        raise _Wrong(f"the {name} {cell[:40]} is not on Earth.", f"It must be between -{most} and {most}.")
    return round(degrees, 2)
