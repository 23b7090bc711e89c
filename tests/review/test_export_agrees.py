"""Page, file and command line hold the same stories, for every use and every combination of filters."""

from __future__ import annotations

import io
import json
import re
from itertools import cycle, product
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from sqlalchemy import text

from bot.cli.export import _filters
from flows.model.vocabulary.consent_answers import USES
from review.export import export_page
from review.kit import labels
from review.kit.labels import label
from storage.export import select
from tests.review.room import BRISTOL, GLENBOIG

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.review.conftest import Room
    from tests.review.visitor import Visitor

FILTERS = {
    "state": ("", "new", "approved"),
    "scale": ("", "society", "none"),
    "actor": ("", "none"),
    "place": ("", "glen"),
    "kind": ("", "feedback"),
    "channel": ("", "telegram"),
    "practice": ("", "yes"),
}
"""Every filter of the page, each left alone, with a value, and with none of it where that can be asked."""
SIDES = {
    "use": USES, "approved": (True, False), "scales": ((), ("society",)), "actor": ("", "carer"),
    "place": (GLENBOIG, BRISTOL), "channel": ("sms", "telegram"), "simulated": (False, True),
}  # fmt: skip


def combinations(filters: dict[str, tuple[str, ...]]) -> Iterator[dict[str, str]]:
    """Yield every way to fill in the form, without what is left alone."""
    for values in product(*filters.values()):
        yield {name: value for name, value in zip(filters, values, strict=True) if value}


def crowded(team_room: Room) -> None:
    """Let people tell one story of each mix of sides, so that no two filters mean the same ones."""
    for values in product(*SIDES.values()):
        sides = dict(zip(SIDES, values, strict=True))
        approved = sides.pop("approved")
        kind = "feedback" if sides["place"] is BRISTOL else "story"
        number = team_room.told(f"They closed it: {values}.", kind=kind, **sides)
        if approved:
            team_room.does(lambda c, n=number: c.execute(text(f"UPDATE story SET state = 'approved' WHERE id = {n}")))


def gives(team_room: Room, use: str, filters: select.Filters, *, practice: bool | None) -> list[str]:
    """Return the names of the stories in a file asked for so, as the page and the command line ask for it."""
    out = io.BytesIO()
    made = select.run(
        team_room.engine, team_room.writer, format="jsonl", use=use, out=out, who="amina@example.org",
        now=team_room.clock(), filters=filters, practice=practice,
    )  # fmt: skip
    told = [json.loads(line)["text"] for line in out.getvalue().splitlines()]
    assert made.stories == len(told)
    return told


def expected(use: str, asked: dict[str, str]) -> set[str]:
    """Say it once more from what was told, without a database."""
    found = set()
    for values in product(*SIDES.values()):
        sides = dict(zip(SIDES, values, strict=True))
        state = "approved" if sides["approved"] else "new"
        kind = "feedback" if sides["place"] is BRISTOL else "story"
        tagged = {"scale": "".join(sides["scales"]), "actor": str(sides["actor"])}  # type: ignore[arg-type]
        if USES.index(str(sides["use"])) < USES.index(use) or (use != "team" and state == "new"):
            continue
        if sides["simulated"] and "practice" not in asked:
            continue
        if any(asked[name] != value for name, value in (("state", state), ("kind", kind)) if name in asked):
            continue
        if asked.get("channel", sides["channel"]) != sides["channel"]:
            continue
        if any(asked[name] != (value or "none") for name, value in tagged.items() if name in asked):
            continue
        if "place" in asked and sides["place"] is not GLENBOIG:
            continue
        found.add(f"They closed it: {values}.")
    return found


async def test_the_page_the_file_and_the_command_agree_on_every_combination(team_room: Room) -> None:
    crowded(team_room)
    visitor = await team_room.member()
    turn = cycle(USES)
    for asked in combinations(FILTERS):
        shown = numbers(visitor, await visitor.open(f"/export?{urlencode(asked)}"))
        practice = True if asked.get("practice") else None
        by_command = _filters({name: value for name, value in asked.items() if name != "practice"})
        assert by_command == export_page.export_filters(asked)
        wanted = {use: expected(use, asked) for use in USES}
        assert shown == [len(wanted[use]) for use in USES], asked
        posted = visitor.form("/export").fields
        sent = {name: values[0] for name, values in posted.items() if name in FILTERS and values[0]}
        assert sent == asked, "the file is asked for by what the page counted"
        use = next(turn)
        assert set(gives(team_room, use, by_command, practice=practice)) == wanted[use], (use, asked)


def numbers(visitor: Visitor, page: str) -> list[int]:
    """Return what stands beside each use."""
    assert visitor.status == 200
    return [int(re.search(rf"{label(labels.USES, use)} (\d+)", page)[1]) for use in USES]  # type: ignore[index]
