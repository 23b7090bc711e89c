"""The metrics for Prometheus: counts and times by channel and outcome, never by person."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

registry = CollectorRegistry()

messages = Counter(
    "earshot_messages", "Messages that reached us, by what became of them.", ["channel", "result"], registry=registry
)
"""`result`: handled, duplicate, stray, failed."""

turn_seconds = Histogram(
    "earshot_turn_seconds",
    "Time from a parsed message to its commit, in seconds.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
    registry=registry,
)

refused = Counter(
    "earshot_refused", "Requests turned away before anything was written.", ["route", "reason"], registry=registry
)
"""`reason`: signature, secret, too_large, unreadable."""

ticks = Counter("earshot_ticks", "Conversations moved on by the clock.", ["kind", "result"], registry=registry)

sends = Counter(
    "earshot_sends", "Messages handed to a provider, by what became of them.", ["channel", "result"], registry=registry
)

waiting = Gauge("earshot_outbox", "Messages that are not out yet.", ["state"], registry=registry)
failed_messages = Gauge("earshot_inbox_failed", "Messages that wait to be replayed.", registry=registry)
open_safeguarding = Gauge("earshot_safeguarding_open", "Safeguarding items that are open.", registry=registry)
overdue = Gauge(
    "earshot_safeguarding_overdue", "Open safeguarding items that nobody has looked at in time.", registry=registry
)
team_items = Gauge("earshot_team_items_open", "Items in the team's inbox that are open.", ["kind"], registry=registry)
up = Gauge("earshot_channel_on", "1 for each channel that is switched on.", ["channel"], registry=registry)


def text() -> bytes:
    """Return all metrics in Prometheus' text format."""
    return generate_latest(registry)
