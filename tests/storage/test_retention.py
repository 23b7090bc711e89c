"""What is let go by itself after its time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from storage import tables
from storage.retention import RAW_DAYS, empty_raw_events
from tests.storage.acts import NOW

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

INBOUND = tables.Inbound.__table__


def test_a_raw_event_is_emptied_after_its_days_and_still_known_for_a_duplicate(database: Engine) -> None:
    old, young = NOW - timedelta(days=RAW_DAYS, seconds=1), NOW - timedelta(days=RAW_DAYS - 1)
    rows = [
        {"channel": "sms", "provider_id": name, "received_at": at, "sealed": b"x", "state": state, "attempts": 1}
        for name, at, state in (("SM1", old, "handled"), ("SM2", old, "failed"), ("SM3", young, "handled"))
    ]
    with database.begin() as connection:
        connection.execute(insert(INBOUND), rows)
        assert empty_raw_events(connection, NOW) == 2
        assert empty_raw_events(connection, NOW) == 0
        kept = dict(connection.execute(select(INBOUND.c.provider_id, INBOUND.c.sealed)).all())
    assert kept == {"SM1": None, "SM2": None, "SM3": b"x"}
