"""The data dictionary of an export: what each column means, what may be done with it, whom to credit."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

from flows.model.vocabulary.consent_answers import Use
from storage.export.formats.columns import COLUMNS
from storage.export.formats.csv import LONGEST_CELL
from storage.insight.disclosure_control import PEOPLE_NEEDED
from storage.places import CREDITS

if TYPE_CHECKING:
    from datetime import datetime

TERMS = {
    Use.TEAM: "For the team’s own work. These words may not be shown to anybody outside the team, and some of the "
    "stories have not been decided about yet: see the column state.",
    Use.QUOTE: "May be quoted without a name. May not be published whole or with anything that points to the teller.",
    Use.PUBLISH: "May be published, named as the teller chose.",
}
TAKEN_BACK = (
    "A teller may take a story back at any time. Whoever passes this file on must then be able to reach everyone who "
    "has it, so keep a note of where it goes."
)
SIGNS = (
    "In a CSV file, an apostrophe in front is ours: before =, +, -, @ or another sign that a spreadsheet would run, "
    "and before what it would turn into a number or a day, as it does with the month 2026-11. A cell of a spreadsheet "
    f"holds {LONGEST_CELL:,} characters: a longer story ends there and says so. In JSON Lines it is whole, numbers are "
    "numbers, lists are lists, yes and no are true and false, and what there is none of is null."
)
WIDTH = 100


def text(*, use: Use, stories: int, now: datetime) -> str:
    """Return the dictionary as plain text."""
    needed = PEOPLE_NEEDED[use]
    places = (
        "Places are named exactly."
        if needed <= 1
        else f"A place is named if at least {needed} people spoke from it; else the area around it, or the nation."
    )
    blocks = [
        f"Stories exported from Earshot on {now:%Y-%m-%d} for use “{use}”: {stories}",
        f"{TERMS[use]} {TAKEN_BACK}",
        places,
        SIGNS,
        "Columns",
        *(f"{column.name}: {column.meaning}" for column in COLUMNS),
        "Credits",
        CREDITS,
    ]
    return "\n\n".join(fill(block, WIDTH) for block in blocks) + "\n"
