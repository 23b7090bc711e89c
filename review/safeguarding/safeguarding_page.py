"""The safeguarding page: who may need help, by when somebody looks, and what was done.

The rules are in `review.kit.safeguarding_rules`. Words and numbers are opened one at a time, by a role that may, for a
reason, and each opening is recorded before anything is shown. What was opened is never part of an address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from starlette.responses import RedirectResponse

from flows.language.segments import count, normalise_typography
from flows.model.effects import Say
from flows.model.messages import Message
from flows.model.vocabulary.delivery import AddressState, MessageKind
from review.kit import render, safeguarding_rules
from review.kit.labels import known
from review.kit.safeguarding_rules import SafeguardingRefusal
from storage.db.engine import reader
from storage.queries.conversations.turn_queries import enqueue
from storage.queries.stories import whole_story
from storage.queries.team import members, on_call, safeguarding_items, safeguarding_work

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection
    from starlette.responses import Response

    from review.kit.visit import Visit
    from storage.queries.team.safeguarding_work import SafeguardingItem, Way

LARGEST_ID = 2**31 - 1
MOST_SEGMENTS = 2
"""Most segments of one text message from the team."""

DONE = {
    "take": "You have it. Nobody else is alerted any more.",
    "back": "Handed back. The people on call are alerted again.",
    "close": "Closed. It can be opened again below.",
    "reopen": "Open again.",
    "write": "Written down to be sent. What they answer comes to the conversation, not to this page.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What was just opened, for this one response only."""

    words: tuple[tuple[datetime, str], ...] | None = None
    """What the person wrote, oldest first; an empty text is no longer kept."""
    ways: tuple[tuple[str, str], ...] | None = None
    """How the person can be reached: pairs of channel, and number or chat id."""


def show(visit: Visit) -> Response:
    """Show the open items, each with its clock, and those closed recently."""
    with reader(visit.services.engine) as connection:
        open_now = safeguarding_work.open_items(connection)
        closed = safeguarding_work.closed_items(connection)
        reached = on_call.anybody(connection)
    return render.page(
        visit,
        "safeguarding.html",
        items=[
            (item, safeguarding_rules.clock(item, visit.now, visit.services.timezone))
            for item in open_now
            if not item.likely
        ],
        likely=[
            (item, safeguarding_rules.clock(item, visit.now, visit.services.timezone))
            for item in open_now
            if item.likely
        ],
        closed=closed,
        outcome_in_words=safeguarding_rules.outcome_in_words,
        nobody=not reached,
        notice=_notice(visit),
    )


def show_one(visit: Visit) -> Response:
    """Show one item."""
    return _item_page(visit)


def act(visit: Visit) -> Response:
    """Take, hand back, close or reopen an item."""
    wished = visit.request.path_params["act"]
    item_id = _number(visit)
    if wished not in safeguarding_rules.ACTS or item_id is None:
        return render.problem(visit, "not_found", 404)
    outcome = safeguarding_rules.carry_out(
        visit.services.writer,
        item_id,
        wished,
        visit.who,
        seen=_seen(visit),
        outcome=visit.field("outcome"),
        now=visit.now,
    )
    if isinstance(outcome, SafeguardingRefusal):
        if outcome.kind == "gone":
            return render.problem(visit, "not_found", 404)
        return _item_page(visit, refusal=outcome, status=422 if outcome.kind == "choose" else 409)
    where = "/safeguarding" if wished == "close" else f"/safeguarding/{item_id}"
    return RedirectResponse(f"{where}?done={wished}", 303)


def words(visit: Visit) -> Response:
    """Show what the person wrote, in this response only; it is recorded first."""
    item = _reasoned(visit, "safeguarding.words")
    if not isinstance(item, safeguarding_work.SafeguardingItem):
        return item
    with reader(visit.services.engine) as connection:
        events = safeguarding_work.messages(connection, item)
    opened = tuple(
        (event.received_at, visit.services.open_event(event.channel, event.sealed) if event.sealed else "")
        for event in events
    )
    return _item_page(visit, opened=Opened(words=opened))


def reach(visit: Visit) -> Response:
    """Show how the person can be reached, in this response only; it is recorded first (design rule 7)."""
    item = _reasoned(visit, "safeguarding.reached")
    if not isinstance(item, safeguarding_work.SafeguardingItem):
        return item
    with reader(visit.services.engine) as connection:
        found = safeguarding_work.ways(connection, item)
    ways = tuple((way.channel, visit.services.open_address(way.sealed)) for way in found)
    return _item_page(visit, opened=Opened(ways=ways))


def write(visit: Visit) -> Response:
    """Put one message from a member to the person in the outbox. A STOP is respected."""
    item_id = _number(visit)
    if item_id is None:
        return render.problem(visit, "not_found", 404)
    said, checked = visit.field("message"), visit.field("checked") == "yes"

    def work(connection: Connection) -> SafeguardingItem | SafeguardingRefusal | None:
        item = safeguarding_work.item_by_id(connection, item_id)
        if item is None:
            return None
        way = _open_way(safeguarding_work.ways(connection, item))
        refusal = _may_write(item, way, said, checked=checked)
        if refusal is not None or way is None or item.contributor_id is None:
            return refusal
        enqueue(
            connection, address_id=way.address_id, contributor_id=item.contributor_id, conversation_id=None,
            inbound_id=None, channel=way.channel, kind=MessageKind.CARE,
            payload=Message(say=Say(text=said)).to_json(), due_at=visit.now, now=visit.now,
        )  # fmt: skip
        members.record(
            connection, at=visit.now, who=visit.who.email, act="safeguarding.wrote", object_kind="safeguarding",
            object_id=item_id,
        )  # fmt: skip
        return item

    outcome = visit.services.writer.run(work)
    if outcome is None:
        return render.problem(visit, "not_found", 404)
    if isinstance(outcome, SafeguardingRefusal):
        return _item_page(visit, refusal=outcome, written=said, status=422)
    return RedirectResponse(f"/safeguarding/{item_id}?done=write", 303)


def raise_from_story(visit: Visit) -> Response:
    """Create a safeguarding item for the teller of a story (rule 85)."""
    story_id = visit.request.path_params["story_id"]

    def work(connection: Connection) -> Literal["safeguarding", "unheard", "gone"]:
        story = whole_story.story_by_id(connection, story_id) if story_id <= LARGEST_ID else None
        if story is None or story.withdrawn_at is not None:
            return "gone"
        item_id = safeguarding_items.raise_concern(
            connection, contributor_id=story.contributor_id, conversation_id=story.conversation_id, inbound_id=None,
            now=visit.now, staffed=visit.services.staffed, origin=visit.who.email, story_id=story_id,
        )  # fmt: skip
        for kind, number in (("story", story_id), ("safeguarding", item_id)):
            members.record(
                connection, at=visit.now, who=visit.who.email, act="safeguarding.raised", object_kind=kind,
                object_id=number,
            )  # fmt: skip
        return "safeguarding" if on_call.anybody(connection) else "unheard"

    done = visit.services.writer.run(work)
    if done == "gone":
        return render.problem(visit, "not_found", 404)
    return RedirectResponse(f"/stories/{story_id}?done={done}", 303)


def _item_page(
    visit: Visit,
    *,
    refusal: SafeguardingRefusal | None = None,
    opened: Opened | None = None,
    written: str = "",
    status: int = 200,
) -> Response:
    item_id = _number(visit)
    if item_id is None:
        return render.problem(visit, "not_found", 404)
    with reader(visit.services.engine) as connection:
        item = safeguarding_work.item_by_id(connection, item_id)
        if item is None:
            return render.problem(visit, "not_found", 404)
        story_id = safeguarding_work.story_of(connection, item)
        way = _open_way(safeguarding_work.ways(connection, item))
        acts = members.acts_on(connection, "safeguarding", item_id)
    return render.page(
        visit,
        "safeguarding_item.html",
        status,
        item=item,
        clock=safeguarding_rules.clock(item, visit.now, visit.services.timezone),
        mine=item.taken_by == visit.who.id,
        story_id=story_id,
        way=way,
        outcomes=safeguarding_rules.OUTCOMES,
        reasons=safeguarding_rules.REASONS,
        outcome=safeguarding_rules.outcome_in_words(item.outcome),
        details={
            **{one.value: one.label for one in safeguarding_rules.REASONS},
            **{one.value: one.label for one in safeguarding_rules.OUTCOMES},
        },
        acts=acts,
        refusal=refusal,
        opened=opened or Opened(),
        written=written,
        notice=_notice(visit) if refusal is None else "",
    )


def _reasoned(visit: Visit, done: str) -> SafeguardingItem | Response:
    """Record the opening and return the item, or return the response that says why it is not opened."""
    item_id = _number(visit)
    if item_id is None:
        return render.problem(visit, "not_found", 404)
    reason = known(safeguarding_rules.REASONS, visit.field("reason"))
    if not reason:
        return _item_page(
            visit, refusal=SafeguardingRefusal(kind="choose", message="Say why you open this."), status=422
        )

    def work(connection: Connection) -> SafeguardingItem | None:
        item = safeguarding_work.item_by_id(connection, item_id)
        if item is not None:
            members.record(
                connection, at=visit.now, who=visit.who.email, act=done, object_kind="safeguarding", object_id=item_id,
                detail=reason,
            )  # fmt: skip
        return item

    item = visit.services.writer.run(work)
    return item if item is not None else render.problem(visit, "not_found", 404)


def _may_write(item: SafeguardingItem, way: Way | None, said: str, *, checked: bool) -> SafeguardingRefusal | None:
    if item.closed_at is not None:
        return SafeguardingRefusal(kind="not_now", message="It is closed. Reopen it first; what you wrote is below.")
    if item.opted_out:
        return SafeguardingRefusal(
            kind="not_now", message="They said STOP: nothing may be sent to them. Nothing was sent."
        )
    if way is None:
        return SafeguardingRefusal(kind="not_now", message="There is no way left to write to them. Nothing was sent.")
    if not said:
        return SafeguardingRefusal(kind="choose", message="Write the message first.")
    segments = count(normalise_typography(said)).parts
    if segments > MOST_SEGMENTS:
        return SafeguardingRefusal(
            kind="choose", message=f"That is {segments} text messages long. Use at most {MOST_SEGMENTS}."
        )
    if not checked:
        return SafeguardingRefusal(
            kind="choose", message="Read it once more, then tick that you have. Nothing was sent."
        )
    return None


def _open_way(ways: Sequence[Way]) -> Way | None:
    return next((way for way in ways if way.state == AddressState.REACHABLE), None)


def _number(visit: Visit) -> int | None:
    item_id: int = visit.request.path_params["item_id"]
    return item_id if item_id <= LARGEST_ID else None


def _seen(visit: Visit) -> int:
    seen = visit.field("version")
    return int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 10 else 0


def _notice(visit: Visit) -> str:
    return DONE.get(visit.request.query_params.get("done", ""), "")
