"""A database that was put back is held to what people said since, and is silent. On both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from flows.model.vocabulary.item_kinds import ItemKind
from storage import tables
from storage.db.engine import reader
from storage.privacy.vacuum import LIST, Erased, read_list
from storage.queries.contributors import consent_decisions, consent_in_force, people
from storage.queries.team import api_tokens, members
from storage.upkeep import refusals_list, restore
from tests.storage.acts import LATER, NOW, begin, keep, meet, queue

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Connection, Engine

    from storage.db.writer import Writer

ADDRESS, STORY, OUTBOX = tables.Address.__table__, tables.Story.__table__, tables.Outbox.__table__
DECISION, ITEM, TEXT = tables.Decision.__table__, tables.TeamItem.__table__, tables.ConsentText.__table__
HERON, WREN = bytes([1]) * 32, bytes([2]) * 32


def told(connection: Connection, use: str, name: str = "c1", lookup: bytes = HERON) -> int:
    person = meet(connection, lookup)
    story = keep(connection, person, begin(connection, person, name, status="ended"), "By the quay.")
    connection.execute(STORY.update().where(STORY.c.id == story).values(use=use))
    return person.contributor_id


def use_of(engine: Engine, name: str = "c1") -> str:
    with reader(engine) as connection:
        return str(connection.execute(select(STORY.c.use).where(STORY.c.conversation_id == name)).scalar_one())


def stopped(engine: Engine) -> list[bool]:
    contributor = tables.Contributor.__table__
    with reader(engine) as connection:
        return list(connection.execute(select(contributor.c.opted_out).order_by(contributor.c.id)).scalars())


def line(kind: str, token: str) -> Erased:
    return Erased(NOW, kind, token)


STOP_OF_HERON = line("stop", f"sms:{HERON.hex()}")


def test_a_stop_said_since_stays(writer: Writer, database: Engine) -> None:
    writer.run(lambda connection: told(connection, "team"))
    done = writer.run(lambda connection: restore.hold(connection, [STOP_OF_HERON], LATER))
    assert (done.stops, stopped(database)) == (1, [True])
    again = writer.run(lambda connection: restore.hold(connection, [STOP_OF_HERON], LATER))
    assert again.stops == 0


def test_a_stop_of_somebody_whom_the_copy_does_not_know_stays(writer: Writer, database: Engine) -> None:
    writer.run(lambda connection: restore.hold(connection, [STOP_OF_HERON], LATER))
    assert writer.run(meet).opted_out, "when they write again, they start as opted out"
    assert stopped(database) == [True]


def test_whoever_said_start_after_their_stop_is_written_to(writer: Writer, database: Engine) -> None:
    writer.run(lambda connection: told(connection, "team"))
    lines = [STOP_OF_HERON, line("start", STOP_OF_HERON.token)]
    assert writer.run(lambda connection: restore.hold(connection, lines, LATER)).stops == 0
    assert stopped(database) == [False]


def test_a_use_goes_no_further_than_its_teller_said_last(writer: Writer, database: Engine) -> None:
    writer.run(lambda connection: told(connection, "publish", "c1", HERON))
    writer.run(lambda connection: told(connection, "team", "c2", WREN))
    lines = [line("use", "c1:team"), line("use", "c1:quote"), line("use", "c2:publish"), line("use", "c9:team"),
             line("use", "c1"), line("use", "")]  # fmt: skip
    done = writer.run(lambda connection: restore.hold(connection, lines[:4], LATER))
    assert (done.uses, use_of(database, "c1"), use_of(database, "c2")) == (1, "quote", "team")
    writer.run(lambda connection: restore.hold(connection, lines, LATER))
    assert use_of(database, "c2") == "team", "what was widened since is not known to the copy, and is not guessed"


def test_what_waited_in_the_copy_is_not_sent_and_nothing_else_until_somebody_has_looked(
    writer: Writer, database: Engine
) -> None:
    def wait(connection: Connection) -> None:
        person = meet(connection)
        for kind in ("reply", "prompt", "nudge"):
            queue(connection, person, kind)

    writer.run(wait)
    assert writer.run(lambda connection: restore.hold(connection, [], LATER)).messages == 3
    with reader(database) as connection:
        assert restore.fenced(connection)
        assert {row.state for row in connection.execute(select(OUTBOX)).all()} == {"cancelled"}
        assert [r.kind for r in connection.execute(select(ITEM)).all()] == [ItemKind.PUT_BACK.value]
    writer.run(lambda connection: queue(connection, meet(connection, WREN), "reply"))

    def release(connection: Connection) -> Any:
        return restore.release(connection, LATER, "s@example.org", drop=False)

    assert writer.run(release) == 1
    assert writer.run(release) is None
    with reader(database) as connection:
        assert not restore.fenced(connection)
        assert all(row.closed_at is not None for row in connection.execute(select(ITEM)).all())


def test_nothing_that_was_opened_before_opens_the_teams_room(writer: Writer, database: Engine) -> None:
    def work(connection: Connection) -> None:
        kim = members.add_member(connection, email="kim@example.org", name="Kim", role="lead", at=NOW)
        ends = LATER + timedelta(days=1)
        members.add_session(connection, token_hash="s", member_id=kim, at=NOW, expires_at=ends)
        members.add_link(
            connection, token_hash="l", member_id=None, role="lead", purpose="join", at=NOW, expires_at=ends
        )  # fmt: skip
        api_tokens.replace_token(connection, member_id=kim, token_hash="t", now=NOW)
        restore.hold(connection, [], LATER)

    writer.run(work)
    token = tables.ApiToken.__table__
    with reader(database) as connection:
        assert members.live_session(connection, "s", LATER, NOW) is None
        assert members.good_link(connection, "l", LATER) is None
        assert list(connection.execute(select(token.c.revoked_at)).scalars()) == [LATER]
        assert [one.active for one in members.all_members(connection)] == [True], "the password still opens it"


# --- the list ---------------------------------------------------------------------------------------------------------


def test_the_list_learns_of_every_stop_and_start_once(writer: Writer, database: Engine, tmp_path: Path) -> None:
    person = writer.run(lambda connection: told(connection, "team"))
    kinds = []
    for change in (None, people.opt_out, None, people.opt_in, None, people.opt_out, None):
        if change is not None:
            writer.run(lambda connection, change=change: change(connection, person, NOW))
        refusals_list.keep(database, writer, tmp_path, NOW)
        kinds = [each.kind for each in read_list(tmp_path)]
    assert kinds == ["stop", "start", "stop"]
    assert (tmp_path / LIST).stat().st_mode & 0o777 == 0o600


def test_the_list_learns_what_a_provider_says(writer: Writer, database: Engine, tmp_path: Path) -> None:
    writer.run(meet)
    writer.run(lambda connection: people.set_address_state(connection, 1, "opted_out", NOW))
    assert refusals_list.keep(database, writer, tmp_path, NOW) == 1


def decide(connection: Connection, contributor: int, answer: str, story: int | None = None) -> None:
    if not connection.execute(select(TEXT)).first():
        connection.execute(TEXT.insert().values(digest="d", text="How far?", language="en"))
    connection.execute(
        DECISION.insert().values(
            contributor_id=contributor, conversation_id="c1", story_id=story, purpose="use", answer=answer,
            literal="x", text_digest="d", step="use", flow="share", structure="s1", whole="w", language="en",
            channel="sms", decided_at=NOW, notice_digest="n",
        )
    )  # fmt: skip


def test_the_list_learns_of_every_decision_about_a_use_once(writer: Writer, database: Engine, tmp_path: Path) -> None:
    person = writer.run(lambda connection: told(connection, "publish"))
    for answer in ("publish", "team"):
        writer.run(lambda connection, answer=answer: decide(connection, person, answer))
        assert refusals_list.keep(database, writer, tmp_path, NOW) == 1
        assert refusals_list.keep(database, writer, tmp_path, NOW) == 0
    assert [each.token for each in read_list(tmp_path)] == ["c1:publish", "c1:team"]
    writer.run(lambda connection: restore.hold(connection, read_list(tmp_path), LATER))
    assert use_of(database) == "team"
    with reader(database) as connection:
        assert {each.kind for each in refusals_list.known_to(connection)} == {"use", "start"}


def test_a_use_that_is_taken_back_again_is_a_decision_again(writer: Writer, database: Engine) -> None:
    """The consent record of a copy must not say `publish` of a story that its teller keeps with the team."""

    def work(connection: Connection) -> None:
        person = told(connection, "publish")
        (story,) = connection.execute(select(STORY.c.id)).scalars()
        decide(connection, person, "publish", story)
        restore.hold(connection, [Erased(LATER, "use", "c1:team")], LATER)
        last = consent_in_force.newest_about(connection, story, "use")
        assert last is not None
        assert (last["answer"], last["step"], last["decided_at"]) == ("team", consent_decisions.PUT_BACK, LATER)
        assert (last["text_digest"], last["notice_digest"]) == ("d", "n")

    writer.run(work)


def test_the_list_names_nobody(writer: Writer, database: Engine, tmp_path: Path) -> None:
    person = writer.run(lambda connection: told(connection, "team"))
    writer.run(lambda connection: people.opt_out(connection, person, NOW))
    refusals_list.keep(database, writer, tmp_path, NOW)
    said = (tmp_path / LIST).read_text()
    assert "quay" not in said
