"""Proof: the words shown, the reply, and each use held against what stood at that moment; also after an erasure."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from bot.settings.environment import read
from bot.settings.privacy_facts import privacy_facts
from storage import tables
from storage.db.engine import reader
from storage.export import select as gate
from storage.privacy.consent_record import ERASED, MANDATORY, NOT_RECORDED, receipt, record, state_of
from storage.privacy.proof import NoSuchStoryError, Proof, of_story, story_of_row
from storage.protection.erasure import erase_contributor, erase_story
from storage.queries.contributors import consent_decisions
from storage.queries.contributors.consent_decisions import Circumstances
from tests.storage.acts import NOW, begin, consent, keep, meet

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection, Engine

    from storage.db.writer import Writer

DAY = timedelta(days=1)
FACTS = privacy_facts(
    read({
        "EARSHOT_ORGANISATION": "Easton Listens", "EARSHOT_CONTACT": "ring 0117 496 0000",
        "EARSHOT_ADDRESS": "1 High Street, Bristol", "EARSHOT_STORED_IN": "Leeds, United Kingdom",
    })
)  # fmt: skip


class Told:
    """One approved story with a yes to taking part, and what its teller and the team do with it."""

    def __init__(self, engine: Engine, writer: Writer) -> None:
        self.engine, self.writer = engine, writer
        self.story = writer.run(self._tell)

    def _tell(self, connection: Connection) -> int:
        consent_decisions.keep_notice(connection, FACTS.digest, FACTS.body)
        self.person = meet(connection)
        self.conversation = begin(connection, self.person)
        self._decide(connection, "take_part", "yes", 730, NOW)
        return keep(connection, self.person, self.conversation, "They closed the surgery.")

    def _decide(self, connection: Connection, purpose: str, answer: str, days: int | None, at: datetime) -> None:
        effect = replace(consent(answer, purpose, f"Shown for {purpose}: choose 1 or 2"), valid_days=days)
        under = Circumstances(self.conversation, whole="w" * 64, notice=FACTS.digest, now=at)
        consent_decisions.record(connection, effect, under, contributor_id=self.person.contributor_id)

    def decides(self, purpose: str, answer: str, days: int | None, at: datetime) -> None:
        self.writer.run(lambda connection: self._decide(connection, purpose, answer, days, at))
        self.writer.run(lambda connection: connection.execute(update(tables.Story).values(state="approved")))

    def exported(self, use: str, at: datetime) -> int:
        made = gate.run(self.engine, self.writer, format="csv", use=use, out=BytesIO(), who="sam@example.org", now=at)
        assert made.stories == 1
        return made.export_id

    def proof(self) -> Proof:
        with reader(self.engine) as connection:
            return of_story(connection, self.story)


@pytest.fixture
def told(database: Engine, writer: Writer) -> Told:
    return Told(database, writer)


def test_the_words_shown_and_the_literal_reply_are_there(told: Told) -> None:
    told.decides("use", "quote", 730, NOW)
    first, second = told.proof().decisions
    assert (first.purpose, first.answer, first.text) == ("take_part", "yes", "Shown for take_part: choose 1 or 2")
    assert (second.literal, second.language, second.channel, second.flow) == ("quote, thank you", "en", "sms", "share")
    assert second.text_digest == sha256(second.text.encode()).hexdigest()
    assert (second.decided_at, second.valid_until) == (NOW, NOW + 730 * DAY)
    assert second.notice["controller"]["name"] == "Easton Listens"


def test_every_use_is_held_against_what_stood_then(told: Told) -> None:
    told.decides("use", "publish", 365, NOW)
    told.exported("publish", NOW + DAY)
    told.decides("use", "quote", 730, NOW + 2 * DAY)
    told.exported("quote", NOW + 3 * DAY)
    told.decides("use", "team", None, NOW + 4 * DAY)
    told.exported("team", NOW + 5 * DAY)
    proof = told.proof()
    assert [(used.use, used.allowed, used.within) for used in proof.uses] == [
        ("publish", "publish", True), ("quote", "quote", True), ("team", "team", True),
    ]  # fmt: skip
    assert proof.within, "what was agreed to then was within, though it is narrower now"


@pytest.mark.parametrize(
    ("after", "allowed"), [(364, "publish"), (365, "team"), (729, "team"), (730, "nothing")]
)  # fmt: skip
def test_a_use_after_its_time_is_found_out(told: Told, after: int, allowed: str) -> None:
    told.decides("use", "publish", 365, NOW)
    told.exported("publish", NOW)
    run = tables.ExportRun
    told.writer.run(lambda connection: connection.execute(update(run).values(at=NOW + after * DAY)))
    (used,) = told.proof().uses
    assert (used.allowed, used.within) == (allowed, allowed == "publish")


def test_any_row_of_an_export_leads_to_its_story(told: Told) -> None:
    told.decides("use", "quote", 730, NOW)
    export = told.exported("quote", NOW)
    (used,) = told.proof().uses
    with reader(told.engine) as connection:
        assert story_of_row(connection, export, used.row) == told.story
        with pytest.raises(NoSuchStoryError, match="has no row"):
            story_of_row(connection, export, "0" * 16)
        with pytest.raises(NoSuchStoryError, match="no export 99"):
            story_of_row(connection, 99, used.row)
        with pytest.raises(NoSuchStoryError, match="no trace"):
            of_story(connection, 4711)


@pytest.mark.parametrize("everything", [False, True], ids=["the story", "everything"])
def test_after_erasure_the_trail_stays_without_the_words(told: Told, everything: bool) -> None:
    told.decides("use", "quote", 730, NOW)
    told.exported("quote", NOW + DAY)
    back = NOW + 2 * DAY

    def erase(connection: Connection) -> None:
        if everything:
            erase_contributor(connection, told.person.contributor_id, back)
        else:
            erase_story(connection, told.story, back)

    told.writer.run(erase)
    proof = told.proof()
    assert (proof.exists, proof.taken_back_at, proof.within) == (False, back, True)
    assert [decided.answer for decided in proof.decisions] == ["yes", "quote"]
    assert {decided.literal for decided in proof.decisions} == {""}
    assert {bool(decided.principal) for decided in proof.decisions} == {not everything}
    made = record(proof.decisions[1], back)
    assert made["event"]["event_state"] == "withdrawn"
    assert (made["record_header"]["pii_principal_id"] == ERASED) == everything


def test_a_record_has_every_mandatory_field_filled(told: Told) -> None:
    told.decides("use", "quote", 730, NOW)
    told.decides("contact", "no", None, NOW)
    fields = 0
    for decided in told.proof().decisions:
        made = record(decided, NOW)
        for part, names in MANDATORY.items():
            for name in names:
                value = made[part][name]
                assert value not in (None, "", [], {}, [""], NOT_RECORDED, [NOT_RECORDED]), (part, name)
                fields += 1
        assert json.loads(json.dumps(made)) == made
    assert fields == 3 * 23
    assert made["party_identification"]["party_address"] == "1 High Street, Bristol"
    assert made["pii_processing"]["storage_locations"] == ["Leeds, United Kingdom"]


def test_a_receipt_has_its_own_number_and_repeats_the_record(told: Told) -> None:
    (decided,) = told.proof().decisions
    first, later = receipt(decided, NOW), receipt(decided, NOW + DAY)
    assert first["record"] == record(decided, NOW)
    assert len({first["receipt_id"], later["receipt_id"], first["record"]["record_header"]["record_id"]}) == 3


def test_the_state_of_a_decision(told: Told) -> None:
    told.decides("use", "publish", 365, NOW)
    told.decides("use", "team", None, NOW + 2 * DAY)
    told.decides("contact", "no", None, NOW)
    part, published, team, contact = told.proof().decisions
    assert state_of(part, NOW + DAY) == "valid"
    assert state_of(part, NOW + 730 * DAY) == "expired"
    assert (state_of(published, NOW + DAY), state_of(published, NOW + 3 * DAY)) == ("valid", "superseded")
    assert (state_of(team, NOW + 3 * DAY), state_of(contact, NOW)) == ("valid", "refused")


def test_a_notice_is_one_text_with_one_digest() -> None:
    assert sha256(FACTS.body.encode()).hexdigest() == FACTS.digest
    assert privacy_facts(read({})).digest == privacy_facts(read({})).digest != FACTS.digest
