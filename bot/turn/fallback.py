"""What is done for somebody without the engine: when their turn failed, or their words came too late for one.

Keywords and words of distress are heard all the same. Never commits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.language.distress.detect_distress import notice
from flows.language.keywords.recognise import Keyword, recognise
from flows.model.signals import Edited, Said, Started
from flows.model.vocabulary.request_kinds import RequestKind
from storage.queries.team import safeguarding_items

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from bot.turn.turn_services import TurnServices
    from flows.language.distress.detect_distress import Level
    from flows.model.channel_look import ChannelKind
    from flows.model.signals import Signal
    from storage.queries.conversations.turn_queries import Person

RIGHTS = {
    Keyword.DELETE: RequestKind.ERASURE,
    Keyword.MY_DATA: RequestKind.ACCESS,
    Keyword.CHANGE: RequestKind.CORRECTION,
}
"""Keywords by which somebody uses a right, and the kind of request that a person follows up."""


def keywords(signals: Iterable[Signal], language: str, look: ChannelKind) -> set[Keyword]:
    """Return the keywords in what was written, whether it is new or a message that was changed."""
    said = (signal.text for signal in signals if isinstance(signal, Said | Edited))
    found = (recognise(text, language=language, channel=look, waiting=True) for text in said)
    return {word.word for word in found if word is not None}


def raise_concern(
    connection: Connection,
    services: TurnServices,
    person: Person,
    signals: Iterable[Signal],
    inbound_id: int,
    now: datetime,
) -> Level:
    """Lay words of distress before the team (rule 77); returns how plain they are, empty if there are none."""
    texts = [signal.text for signal in signals if isinstance(signal, Said | Edited | Started)]
    levels = {notice(text, person.language or services.languages[0]).level for text in texts}
    level: Level = "plain" if "plain" in levels else "likely" if "likely" in levels else ""
    if level:
        safeguarding_items.raise_concern(
            connection, contributor_id=person.contributor_id, conversation_id=None, inbound_id=inbound_id, now=now,
            staffed=services.staffed, level=level,
        )  # fmt: skip
    return level
