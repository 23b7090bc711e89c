"""Refusals in the list beside the database, so that a restored copy does not forget them (rules 30, 54).

STOP and START are lines with the keyed hash of an address; a decision about a use is a line with its conversation.
Members who left are there too (`storage.upkeep.departed_members`). `keep` writes the lines every minute; `hold` applies
them to a restored database.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import insert, or_, select, update

from flows.model.vocabulary.consent_answers import USES, Purpose, Use
from flows.model.vocabulary.delivery import AddressState
from storage import tables
from storage.db.engine import reader
from storage.privacy.vacuum import LIST, Erased, append, last_said, read_list
from storage.queries import story_changes
from storage.queries.contributors import consent_decisions, people
from storage.queries.team import members
from storage.upkeep import departed_members

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy.engine import Connection, Engine

    from storage.db.writer import Writer

ADDRESS = tables.Address.__table__
CONTRIBUTOR = tables.Contributor.__table__
DECISION = tables.Decision.__table__
INSTALLATION = tables.Installation.__table__
STORY = tables.Story.__table__
SUPPRESSION = tables.Suppression.__table__

STOP, START, USE = "stop", "start", "use"


class HeldAgain(NamedTuple):
    """What a restored database had forgotten."""

    stops: int
    uses: int


def keep(engine: Engine, writer: Writer, folder: Path, now: datetime) -> int:
    """Add to the list what it lacks. Returns how many lines were added. Never call it on an event loop."""
    with reader(engine) as connection:
        stopped, going = _standing(connection)
        last = connection.execute(select(INSTALLATION.c.listed_decision)).scalar() or 0
        decided = _uses(connection, after=last)
        lines = read_list(folder)
        team_lines = departed_members.unlisted(connection, lines, now)
    listed = last_said(lines, STOP, START)
    fresh = [Erased(now, STOP, token) for token in sorted(stopped - listed)]
    fresh += [Erased(now, START, token) for token in sorted(listed & going)]
    fresh += [line for _, line in decided]
    fresh += team_lines
    append(folder / LIST, fresh)
    if decided:
        writer.run(partial(_note, last=decided[-1][0]))
    return len(fresh)


def _uses(connection: Connection, after: int = 0) -> list[tuple[int, Erased]]:
    """Return every decision about a use, with its number, as a line of the list: those after a number, oldest first."""
    rows = connection.execute(
        select(DECISION.c.id, DECISION.c.decided_at, DECISION.c.conversation_id, DECISION.c.answer)
        .where(DECISION.c.id > after, DECISION.c.purpose == Purpose.USE, DECISION.c.answer.in_(USES))
        .order_by(DECISION.c.id)
    )
    return [(row.id, Erased(row.decided_at, USE, f"{row.conversation_id}:{row.answer}")) for row in rows]


def _note(connection: Connection, last: int) -> None:
    connection.execute(update(INSTALLATION).values(listed_decision=last))


def _standing(connection: Connection) -> tuple[set[str], set[str]]:
    """Return the addresses that said STOP, and the others."""
    no = or_(CONTRIBUTOR.c.opted_out, ADDRESS.c.state == AddressState.OPTED_OUT)
    rows = connection.execute(select(ADDRESS.c.channel, ADDRESS.c.lookup, no).join_from(ADDRESS, CONTRIBUTOR)).all()
    gone = connection.execute(select(SUPPRESSION.c.channel, SUPPRESSION.c.lookup).where(SUPPRESSION.c.opted_out)).all()
    stopped = {_token(*row[:2]) for row in rows if row[2]} | {_token(*row) for row in gone}
    return stopped, {_token(*row[:2]) for row in rows} - stopped


def _token(channel: str, lookup: bytes) -> str:
    return f"{channel}:{bytes(lookup).hex()}"


def known_to(connection: Connection) -> list[Erased]:
    """Return what this database knows, as lines of the list. Their dates are not used by `hold`."""
    stopped, going = _standing(connection)
    found = [line for _, line in _uses(connection)]
    at = found[-1].at if found else None
    if at is None:
        at = connection.execute(select(INSTALLATION.c.clock_at)).scalar()
    found += departed_members.known_to(connection)
    kinds = ((STOP, stopped), (START, going))
    return found + [Erased(at, kind, token) for kind, tokens in kinds for token in sorted(tokens)] if at else found


def hold(connection: Connection, lines: list[Erased], now: datetime) -> HeldAgain:
    """Suppress every address that said STOP, and narrow every use to the last one that its teller chose."""
    stops = sum(_stop(connection, token, now) for token in sorted(last_said(lines, STOP, START)))
    last = {line.token.partition(":")[0]: line for line in lines if line.kind == USE}
    uses = 0
    for conversation_id, line in last.items():
        if (named := line.token.partition(":")[2]) not in USES:
            continue
        use = Use(named)
        wider = use.reaching()[1:]
        found = connection.execute(
            select(STORY.c.id, STORY.c.use).where(STORY.c.conversation_id == conversation_id, STORY.c.use.in_(wider))
        ).first()
        if found is not None:
            story_changes.change(connection, found.id, use=use, use_until=None)
            consent_decisions.narrow(
                connection,
                story_id=found.id,
                purpose=Purpose.USE,
                answer=use,
                now=line.at,
                step=consent_decisions.PUT_BACK,
            )
            members.record(
                connection, at=now, who="earshot", act="story.narrowed_again", object_kind="story",
                object_id=found.id, detail=f"was {found.use}",
            )  # fmt: skip
            uses += 1
    return HeldAgain(stops, uses)


def _stop(connection: Connection, token: str, now: datetime) -> bool:
    channel, _, digits = token.partition(":")
    try:
        lookup = bytes.fromhex(digits)
    except ValueError:
        return False
    found = connection.execute(
        select(ADDRESS.c.contributor_id, CONTRIBUTOR.c.opted_out, ADDRESS.c.state)
        .join_from(ADDRESS, CONTRIBUTOR)
        .where(ADDRESS.c.channel == channel, ADDRESS.c.lookup == lookup)
    ).first()
    if found is not None:
        if found.opted_out or found.state == AddressState.OPTED_OUT:
            return False
        people.opt_out(connection, found.contributor_id, now)
        return True
    here = (SUPPRESSION.c.channel == channel, SUPPRESSION.c.lookup == lookup)
    known = connection.execute(select(SUPPRESSION.c.opted_out).where(*here)).first()
    if known is None:
        values = {"channel": channel, "lookup": lookup, "opted_out": True, "created_at": now}
        connection.execute(insert(SUPPRESSION).values(values))
    elif not known.opted_out:
        connection.execute(update(SUPPRESSION).where(*here).values(opted_out=True))
    else:
        return False
    return True
