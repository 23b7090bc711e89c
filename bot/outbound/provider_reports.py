"""What a provider reports of messages that it took: written down, and what it means for the address (rule 17).

A report may come before we know the number that it speaks of; it is kept, and means the same once we do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.channels.channel import StatusReport
from bot.outbound import outcome
from flows.model.vocabulary.delivery import MessageKind, MessageState
from flows.model.vocabulary.item_kinds import ItemKind
from storage.queries.conversations import address_holders
from storage.queries.conversations.turn_queries import raise_item
from storage.queries.delivery import outbox, provider_statuses
from storage.queries.team import on_call

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from bot.channels.channel import Channel

NOT_THERE = frozenset({MessageState.FAILED, MessageState.UNDELIVERED})
"""What a provider may say of an alert that its reader never got."""


def apply(connection: Connection, channel: Channel | None, report: StatusReport, now: datetime) -> bool:
    """Write a report down; returns whether it changed the state of a message."""
    changed = provider_statuses.apply_status(
        connection, channel=report.channel, provider_id=report.provider_id, status=report.status,
        error=report.error or None, now=now,
    )  # fmt: skip
    if changed:
        _mean(connection, channel, report, now)
    return changed


def mark_sent(
    connection: Connection, channels: Mapping[str, Channel], sent: Sequence[outbox.SentMessage], now: datetime
) -> None:
    """Note that the provider took these messages, and what it had reported of them before we knew their numbers."""
    for early in outbox.mark_sent(connection, sent, now):
        report = StatusReport(
            channel=early.channel, provider_id=early.provider_id, status=early.status, error=early.error or ""
        )
        _mean(connection, channels.get(early.channel), report, now)


def _mean(connection: Connection, channel: Channel | None, report: StatusReport, now: datetime) -> None:
    whom = provider_statuses.addressee(connection, channel=report.channel, provider_id=report.provider_id)
    if whom is None:
        return
    if whom.kind == MessageKind.ALERT and provider_statuses.STATUSES[report.status] in NOT_THERE:
        on_call.undelivered(connection, whom.address_id, now)
    if provider_statuses.STATUSES[report.status] == MessageState.DELIVERED and provider_statuses.failed_before(
        connection, channel=report.channel, provider_id=report.provider_id
    ):
        address_holders.proved_alive(connection, whom.address_id, now)  # it was said to be lost, and has arrived
    error = channel.meaning(report) if channel is not None else None
    if error is not None:
        outcome.of_address(connection, whom.address_id, whom.contributor_id, error, now)
        if error.tell_team:
            raise_item(connection, kind=ItemKind.SENDING, now=now, contributor_id=whom.contributor_id)
