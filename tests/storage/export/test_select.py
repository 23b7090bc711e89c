"""The one gate: what leaves, what stays, and what is on record of it. On both databases."""

from __future__ import annotations

import csv
import io
import json
import stat
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text, update

from flows.model.vocabulary.consent_answers import USES
from storage.db.engine import reader
from storage.export import select
from storage.export.export_request import UnknownFormatError, UnknownUseError
from storage.export.formats.columns import NAMES
from storage.protection.erasure import erase_story
from storage.queries.stories import exports_made, kept_stories, whole_story
from storage.queries.stories.review_queue import Filters
from storage.tables import Decision, Story
from tests.review.room import BRISTOL, COATBRIDGE, GLENBOIG, NOON, conversation_of, somebody, tell

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection, Engine

    from storage.db.writer import Writer

STORY = Story.__table__
DECISION = Decision.__table__


@dataclass
class Team:
    """A team with a database."""

    engine: Engine
    writer: Writer

    def told(self, words: str = "They closed the surgery.", *, state: str = "approved", **sides: Any) -> int:
        def work(connection: Connection) -> int:
            story_id = tell(connection, words, **sides)
            if state != "new":
                connection.execute(update(STORY).where(STORY.c.id == story_id).values(state=state))
            return story_id

        return self.writer.run(work)

    def changes(self, **values: Any) -> None:
        self.writer.run(lambda connection: connection.execute(update(STORY).values(**values)))

    def exports(self, use: str = "team", **asked: Any) -> tuple[select.Summary, list[dict[str, Any]]]:
        out = io.BytesIO()
        asked = {"format": "jsonl", "who": "amina@example.org", "now": NOON, **asked}
        summary = select.run(self.engine, self.writer, use=use, out=out, **asked)
        return summary, [json.loads(line) for line in out.getvalue().splitlines()]

    def asks(self, question: str) -> list[Any]:
        with reader(self.engine) as connection:
            return [tuple(row) for row in connection.execute(text(question))]


@pytest.fixture
def team(database: Engine, writer: Writer) -> Team:
    return Team(database, writer)


NOTHING: tuple[str, ...] = ()


@pytest.mark.parametrize(
    ("state", "agreed", "leaves_for"),
    [
        ("new", "team", ("team",)),
        ("new", "quote", ("team",)),
        ("new", "publish", ("team",)),
        ("new", None, ("team",)),
        ("approved", "team", ("team",)),
        ("approved", None, ("team",)),
        ("approved", "quote", ("team", "quote")),
        ("approved", "publish", ("team", "quote", "publish")),
        ("approved", "maybe", ("team",)),
        ("declined", "team", NOTHING),
        ("declined", "publish", NOTHING),
    ],
)
def test_what_leaves_for_what(team: Team, state: str, agreed: str | None, leaves_for: tuple[str, ...]) -> None:
    team.told(state=state, use=agreed)
    assert tuple(use for use in USES if team.exports(use)[1]) == leaves_for
    assert (
        tuple(use for use in USES if select.count(team.engine, use=use, filters=Filters(), now=NOON)) == leaves_for
    ), "the count says the same"


AGREED = ("team", "quote", "publish")
CHANGES: list[dict[str, Any]] = [
    {}, {"withdrawn_at": NOON}, {"state": "declined"}, {"state": "new"}, {"simulated": True}, {"use": "team"},
]  # fmt: skip


@pytest.mark.parametrize("filtered", ["", *AGREED])
@pytest.mark.parametrize("practice", [None, True, False])
def test_for_every_use_the_count_is_the_export_and_a_nearer_use_holds_all_of_a_further_one(
    team: Team, filtered: str, practice: bool | None
) -> None:
    """Over all combinations of what tellers agreed to and what became of their stories; the use filters nothing."""
    for agreed in AGREED:
        for change in CHANGES:
            number = team.told(f"{agreed} {change}", use=agreed)
            if change:
                team.writer.run(
                    lambda c, n=number, values=change: c.execute(update(STORY).where(STORY.c.id == n).values(**values))
                )
    asked = Filters(use=filtered)
    held = {}
    for use in USES:
        summary, found = team.exports(use, filters=asked, practice=practice)
        held[use] = {row["text"] for row in found}
        counted = select.count(team.engine, use=use, filters=asked, now=NOON, practice=practice)
        assert counted == len(found) == len(held[use]) == summary.stories
    assert held["team"] > held["quote"] > held["publish"] > set()
    assert held["quote"] - held["publish"] == {text for text in held["quote"] if text.startswith("quote")}


@pytest.mark.parametrize("use", USES)
def test_what_was_taken_back_never_leaves(team: Team, use: str) -> None:
    team.told(use="publish")
    team.changes(withdrawn_at=NOON)
    assert team.exports(use)[1] == []


@pytest.mark.parametrize("use", USES)
def test_without_a_yes_to_taking_part_nothing_leaves(team: Team, use: str) -> None:
    team.told("Never said yes.", use="publish", take_part="no")
    team.told("Took the yes back.", use="publish")
    team.told("Has no decision.", use="publish")

    def unsay(connection: Connection) -> None:
        numbers = [row.id for row in connection.execute(STORY.select().order_by(STORY.c.id))]
        mine = DECISION.c.story_id == numbers[1]
        last = connection.execute(DECISION.select().where(mine, DECISION.c.purpose == "take_part")).one()
        again = {**last._mapping, "answer": "no"}
        del again["id"]
        connection.execute(DECISION.insert().values(again))
        connection.execute(DECISION.delete().where(DECISION.c.story_id == numbers[2]))

    team.writer.run(unsay)
    assert team.exports(use)[1] == []


@pytest.mark.parametrize("use", ["quote", "publish"])
def test_the_decisions_count_not_their_copy_beside_the_story(team: Team, use: str) -> None:
    team.told(use="team")
    team.changes(use="publish")
    assert team.exports(use)[1] == []


def test_a_later_narrower_answer_counts_at_once(team: Team) -> None:
    story_id = team.told(use="publish")
    assert len(team.exports("publish")[1]) == 1

    def narrow(connection: Connection) -> None:
        last = connection.execute(
            DECISION.select().where(DECISION.c.story_id == story_id, DECISION.c.purpose == "use")
        ).one()
        again = {**last._mapping, "answer": "team"}
        del again["id"]
        connection.execute(DECISION.insert().values(again))

    team.writer.run(narrow)
    assert team.exports("publish")[1] == []
    assert team.exports("quote")[1] == []
    assert len(team.exports("team")[1]) == 1


def test_a_row_has_every_column_in_order(team: Team) -> None:
    team.told(
        "They closed the surgery.", state="approved", use="quote", place=GLENBOIG, place_words="glen boig",
        scales=("individual", "society"), actor="employee", channel="telegram", language="pl",
    )  # fmt: skip
    _, (row,) = team.exports()
    assert tuple(row) == NAMES
    assert len(row.pop("id")) == 16
    assert row == {
        "kind": "story", "text": "They closed the surgery.", "amended": [],
        "scales": ["individual", "society"], "scales_by_teller": ["individual", "society"], "scales_by_team": [],
        "actors": ["employee"],
        "place": "Glenboig, North Lanarkshire", "place_kind": "village", "place_parent": "North Lanarkshire",
        "place_scheme": "gss", "place_code": "S12000050", "place_year": 2025, "place_nation": "Scotland",
        "place_exactness": "exact", "place_words": "glen boig",
        "language": "pl", "channel": "telegram", "told_month": "2026-11", "rating": None,
        "answers": {
            "about": ["work", "me", "society"],
            "place": {"id": "geonames:2648523", "label": "Glenboig, North Lanarkshire", "words": "glen boig"},
        },
        "use": "quote", "naming": "", "credit": "", "state": "approved", "practice": False, "edited": False,
    }  # fmt: skip


def test_outside_the_team_go_no_answers_and_no_words_for_the_place(team: Team) -> None:
    team.told(use="quote", place=GLENBOIG, place_words="behind the mill", kind="feedback", rating=2)
    _, (row,) = team.exports("quote")
    assert (row["place_words"], row["answers"], row["rating"]) == ("", {}, 2)
    assert "mill" not in json.dumps(row)


def test_the_rating_of_feedback_has_a_column(team: Team) -> None:
    team.told("It was quick.", kind="feedback", rating=4)
    _, (row,) = team.exports()
    assert (row["kind"], row["rating"]) == ("feedback", 4)
    assert row["answers"]["rating"] == 4


def test_later_words_and_new_wordings_go_along(team: Team) -> None:
    story_id = team.told("First I rang.")

    def later(connection: Connection) -> None:
        named: dict[str, Any] = {"conversation_id": conversation_of(connection, story_id), "now": NOON}
        (first,) = whole_story.parts_of(connection, story_id)
        kept_stories.add_to_story(connection, ref="more", text="Nobody rang back.", **named)
        kept_stories.amend_story(connection, ref=first.ref, text="First I rang twice.", **named)

    team.writer.run(later)
    _, (row,) = team.exports()
    assert row["text"] == "First I rang twice.\n\nNobody rang back."
    assert "First I rang." not in json.dumps(row), "what was taken out leaves in no column"


def test_a_story_has_another_name_in_each_export_and_a_person_none(team: Team) -> None:
    one = team.writer.run(somebody)
    team.told("One.", teller=one)
    team.told("Two.", teller=one)
    first, again = team.exports()[1], team.exports()[1]
    assert len({row["id"] for row in first + again}) == 4
    assert not {"contributor", "contributor_id", "pseudonym", "conversation_id", "receipt"} & set(NAMES)
    pseudonyms = [name for (name,) in team.asks("SELECT pseudonym FROM contributor")]
    assert len(pseudonyms) == 1
    assert pseudonyms[0] not in json.dumps(first)


def test_an_export_is_on_record_with_what_it_was_asked_for(team: Team) -> None:
    story_id = team.told("From the village.", place=GLENBOIG)
    team.told("From the city.", place=BRISTOL)
    summary, (row,) = team.exports("team", filters=Filters(place="glenboig"), format="jsonl")
    ((export_id, who, use, format_name, count, filters),) = team.asks(
        "SELECT id, who, use, format, stories, filters FROM export_run"
    )
    assert (export_id, who, use, format_name, count) == (summary.export_id, "amina@example.org", "team", "jsonl", 1)
    asked = json.loads(filters)
    assert asked["asked"] == {"place": "glenboig"}
    assert asked["practice"] is False
    assert team.asks("SELECT export_id, story_id FROM export_story") == [(export_id, story_id)]
    assert exports_made.row_name(bytes.fromhex(asked["row_key"]), story_id) == row["id"], (
        "a row can be pointed out later"
    )


def test_what_was_erased_stays_listed_so_that_recipients_can_be_told(team: Team) -> None:
    story_id = team.told()
    team.exports()
    team.writer.run(lambda connection: erase_story(connection, story_id))
    assert team.asks("SELECT story_id FROM export_story") == [(story_id,)]
    assert team.exports()[1] == []


@pytest.mark.parametrize("taken_back", ["erased", "withdrawn", "declined"])
def test_a_story_taken_back_while_the_export_is_written_does_not_leave(
    team: Team, monkeypatch: pytest.MonkeyPatch, taken_back: str
) -> None:
    leaving, staying = team.told("Leaving."), team.told("Staying.")
    record, tries = select._record, []

    def meanwhile(*arguments: Any) -> select.Summary | None:
        def take_back(connection: Connection) -> None:
            if taken_back == "erased":
                erase_story(connection, staying)
            else:
                values = {"withdrawn_at": NOON} if taken_back == "withdrawn" else {"state": "declined"}
                connection.execute(update(STORY).where(STORY.c.id == staying).values(**values))

        if not tries:
            team.writer.run(take_back)
        tries.append(arguments)
        return record(*arguments)

    monkeypatch.setattr(select, "_record", meanwhile)
    summary, rows = team.exports()
    assert [row["text"] for row in rows] == ["Leaving."]
    assert len(tries) == 2
    assert team.asks("SELECT export_id, story_id FROM export_story") == [(summary.export_id, leaving)]


def test_an_export_that_cannot_settle_gives_nothing(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    team.told()
    monkeypatch.setattr(select, "_record", lambda *_: None)
    with pytest.raises(select.RestlessStoriesError):
        team.exports()
    assert team.asks("SELECT count(*) FROM export_run") == [(0,)]


@pytest.mark.parametrize(
    ("real", "asked", "taken", "only"),
    [
        (False, None, {"Only trying."}, True),
        (False, False, set(), False),
        (False, True, {"Only trying."}, False),
        (True, None, {"From a person."}, False),
        (True, False, {"From a person."}, False),
        (True, True, {"From a person.", "Only trying."}, False),
    ],
)
def test_practice_stories(team: Team, real: bool, asked: bool | None, taken: set[str], only: bool) -> None:
    team.told("Only trying.", simulated=True, state="new")
    if real:
        team.told("From a person.", state="new")
    summary, rows = team.exports(practice=asked)
    assert {row["text"] for row in rows} == taken
    assert {row["text"]: row["practice"] for row in rows}.get("Only trying.", True) is True
    assert summary.only_practice is only
    assert summary.practice == len(taken & {"Only trying."})
    told = " ".join(summary.sentences())
    assert ("nobody has written from a real channel yet" in told) is only


def test_one_real_message_is_enough_to_leave_practice_stories_out(team: Team) -> None:
    team.told("Only trying.", simulated=True)
    team.writer.run(lambda connection: somebody(connection, channel="telegram"))
    assert team.exports()[1] == []


def test_outside_the_team_a_village_is_named_only_if_enough_people_spoke_from_it(team: Team) -> None:
    for number in range(4):
        team.told(f"From the village, {number}.", use="publish", place=GLENBOIG)
    for number in range(5):
        team.told(f"From the town, {number}.", use="publish", place=COATBRIDGE)
    assert {row["place"] for row in team.exports("team")[1]} == {GLENBOIG.label, COATBRIDGE.label}
    summary, rows = team.exports("quote")
    assert {(row["place"], row["place_exactness"]) for row in rows} == {
        ("Scotland", "nation"),
        (COATBRIDGE.label, "exact"),
    }
    assert summary.widened == 4
    assert GLENBOIG.label not in json.dumps(rows)
    assert {row["place"] for row in team.exports("publish")[1]} == {"Scotland"}


def test_what_a_place_is_called_does_not_depend_on_what_else_was_asked_for(team: Team) -> None:
    """Two exports that overlap must not tell more together than each alone (rule 92)."""
    for number in range(5):
        team.told(f"{number}", use="quote", place=GLENBOIG, scales=("society",) if number else ("individual",))
    whole = {row["text"]: row["place"] for row in team.exports("quote")[1]}
    part = {row["text"]: row["place"] for row in team.exports("quote", filters=Filters(scale="individual"))[1]}
    assert whole["0"] == GLENBOIG.label
    assert part == {"0": whole["0"]}


def test_people_of_the_practice_phone_do_not_make_a_village_look_busy(team: Team) -> None:
    team.told("A person.", use="quote", place=GLENBOIG)
    for number in range(9):
        team.told(f"Trying, {number}.", use="quote", place=GLENBOIG, simulated=True)
    _, rows = team.exports("quote", practice=True)
    assert {row["place"] for row in rows} == {"Scotland"}


def test_what_waits_for_approval_is_counted(team: Team) -> None:
    team.told("Approved.", use="quote")
    team.told("New.", use="quote", state="new")
    team.told("New, team only.", use="team", state="new")
    summary, rows = team.exports("quote")
    assert (len(rows), summary.waiting) == (1, 1)
    assert "1 more may leave for this use once somebody on the team approves them." in summary.sentences()


def test_more_stories_than_fit_in_memory_at_once_all_leave_newest_first(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.export.rows.AT_ONCE", 3)
    for number in range(10):
        team.told(f"{number}", now=NOON + timedelta(minutes=number), scales=("society",))
    _, rows = team.exports()
    assert [row["text"] for row in rows] == [str(number) for number in reversed(range(10))]
    assert all(row["scales"] == ["society"] for row in rows)


def test_a_file_is_whole_private_and_has_its_dictionary_beside_it(team: Team, tmp_path: Path) -> None:
    team.told("=1+1")
    out = tmp_path / "stories.csv"
    out.write_text("an older export")
    summary = select.run(team.engine, team.writer, format="csv", use="team", out=out, who="command line", now=NOON)
    with out.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["text"] == "'=1+1"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert summary.about == tmp_path / "stories.about.txt"
    about = summary.about.read_text()
    assert all(f"{name}: " in about for name in NAMES)
    assert "GeoNames" in about
    assert "not be shown to anybody outside the team" in " ".join(about.split())
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix in {".csv", ".txt"}) == [
        "stories.about.txt",
        "stories.csv",
    ]
    assert not list(tmp_path.glob(".stories*")), "no draft is left behind"


def test_a_place_that_cannot_be_written_to_leaves_no_record(team: Team, tmp_path: Path) -> None:
    team.told()
    with pytest.raises(OSError, match="nowhere"):
        select.run(
            team.engine, team.writer, format="csv", use="team", out=tmp_path / "nowhere" / "x.csv", who="w", now=NOON
        )
    assert team.asks("SELECT count(*) FROM export_run") == [(0,)]


@pytest.mark.parametrize(
    ("asked", "error"),
    [({"format": "exe"}, UnknownFormatError), ({"use": "all"}, UnknownUseError)],
)
def test_what_there_is_not_is_refused_before_anything_happens(
    team: Team, asked: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error, match="Choose one of"):
        team.exports(**asked)
    assert team.asks("SELECT count(*) FROM export_run") == [(0,)]


def test_a_rule_s_suggestion_is_no_tag_until_somebody_confirms_it(team: Team) -> None:
    story_id = team.told(scales=("individual",))
    team.writer.run(
        lambda connection: connection.execute(
            text(
                "INSERT INTO tag (story_id, dimension, value, origin, confidence, created_at)"
                " SELECT id, 'scale', 'society', 'rule', 0.9, told_at FROM story"
            )
        )
    )
    assert team.exports()[1][0]["scales"] == ["individual"]
    assert team.exports(filters=Filters(scale="society"))[1] == []
    assert story_id


def test_a_summary_speaks_plainly(team: Team) -> None:
    team.told()
    summary, _ = team.exports()
    assert summary.sentences() == ("1 story exported for use “team”.",)
    assert replace(summary, stories=3, practice=1).sentences()[1].startswith("1 of them are practice stories")


def test_in_json_every_value_is_of_its_own_kind(team: Team) -> None:
    team.told("It was fine.", kind="feedback", rating=4, place=GLENBOIG, scales=("society",))
    team.told("Only told.", simulated=True)
    practice, told = sorted(team.exports(practice=True)[1], key=lambda row: row["practice"], reverse=True)
    kinds = {name: type(value) for name, value in told.items()}
    words = {name for name, kind in kinds.items() if kind is str}
    assert {name: kind for name, kind in kinds.items() if name not in words} == {
        "edited": bool, "amended": list, "scales": list, "scales_by_teller": list, "scales_by_team": list,
        "actors": list, "place_year": int, "rating": int, "answers": dict, "practice": bool,
    }  # fmt: skip
    assert (practice["place_year"], practice["rating"], practice["practice"]) == (None, None, True)
    assert not {value for row in (practice, told) for value in row.values() if value in ("yes", "no", "true", "false")}


def test_a_story_too_long_for_a_cell_is_spoken_of(team: Team) -> None:
    team.told("a" * 40_000)
    out = io.BytesIO()
    summary = select.run(team.engine, team.writer, use="team", out=out, format="csv", who="amina@example.org", now=NOON)
    assert summary.cut == 1
    assert "1 is too long for a cell of a spreadsheet, and end there." in " ".join(summary.sentences())
