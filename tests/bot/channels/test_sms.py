"""The text message channel against a Twilio on this machine."""

from __future__ import annotations

import io
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest

from bot.channels.channel import Inbound, Outgoing, Piece, SendError, SentPiece, StatusReport
from bot.channels.sms.sms_channel import GAP_SECONDS, LONGEST_BODY, STATUS_PATH, SmsChannel
from bot.channels.sms.twilio_errors import MEANINGS, failure
from flows.model.effects import Option, Say
from flows.model.signals import Said
from tests.bot.channels.provider import Call, Provider, provider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ACCOUNT, TOKEN = "AC" + "0" * 31 + "1", "0123456789abcdef0123456789abcdef"
OURS, MAYA = "+447700900999", "+447700900123"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HELLO = Piece(address=MAYA, text="Where did this happen?")


def listed(sid: str, body: str = "x", at: datetime = NOW, **more: Any) -> dict[str, Any]:
    return {
        "sid": sid, "body": body, "date_created": format_datetime(at), "date_sent": None, "from": OURS, "to": MAYA,
        "direction": "outbound-api", "num_media": "0", "num_segments": "1", "status": "sent", "error_code": None,
    } | more  # fmt: skip


def created(call: Call) -> tuple[int, dict[str, Any]]:
    return 201, listed("SM" + "1" * 32, call.fields["Body"], status="queued")


def refused(status: int, code: int) -> tuple[int, dict[str, Any]]:
    return status, {"code": code, "message": f"To number {MAYA} {HELLO.text}", "more_info": "", "status": status}


@asynccontextmanager
async def connected(**settings: Any) -> AsyncIterator[tuple[SmsChannel, Provider]]:
    async with provider(answer=created) as api:
        settings = {
            "account_sid": ACCOUNT, "auth_token": TOKEN, "public_url": "https://listen.example.org", "sender": OURS,
            "api_url": api.url, "read_seconds": 0.2,
        } | settings  # fmt: skip
        channel = SmsChannel(**settings)
        await channel.start()
        try:
            yield channel, api
        finally:
            await channel.stop()


async def test_a_message_goes_out_by_rest() -> None:
    async with connected() as (channel, api):
        assert await channel.send(HELLO) == SentPiece("SM" + "1" * 32, 1)
        (call,) = api.calls
        assert (call.method, call.path) == ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
        assert call.headers["Authorization"].startswith("Basic ")
        assert call.fields == {
            "To": MAYA, "From": OURS, "Body": HELLO.text, "ValidityPeriod": "36000",
            "StatusCallback": "https://listen.example.org" + STATUS_PATH,
        }  # fmt: skip


async def test_a_messaging_service_takes_the_place_of_the_number() -> None:
    async with connected(messaging_service="MG1", sender="") as (channel, api):
        await channel.send(Piece(address=MAYA, text="x", kind="prompt"))
        (fields,) = api.of("/Messages.json")
        assert (fields["MessagingServiceSid"], fields["ValidityPeriod"]) == ("MG1", "14400")
        assert "From" not in fields


@pytest.mark.parametrize(
    ("public_url", "api_url", "there"),
    [
        ("https://listen.example.org", "https://api.twilio.com", True),
        ("http://127.0.0.1:8000", "https://api.twilio.com", False),
        ("http://127.0.0.1:8000", "http://127.0.0.1:4010", True),
    ],
)
def test_twilio_is_not_given_an_address_it_would_refuse(public_url: str, api_url: str, there: bool) -> None:
    channel = SmsChannel(account_sid=ACCOUNT, auth_token=TOKEN, public_url=public_url, api_url=api_url, sender=OURS)
    assert ("status_callback" in channel._from) is there


SAY = Say(
    text="It’s up to you – may we?",
    options=(Option(value="a", label="Agree", key="1"), Option(value="n", label="No", key="0")),
)


def test_options_are_numbered_lines_in_plain_signs() -> None:
    channel = SmsChannel(account_sid=ACCOUNT, auth_token=TOKEN, public_url="https://x.org", sender=OURS)
    (piece,) = channel.pieces(Outgoing(address=MAYA, say=SAY))
    assert piece.text == "It's up to you - may we?\n1 Agree\n0 No"


@pytest.mark.parametrize("text", ["\n\n".join(["word " * 100] * 9), "a" * 5000, "ŵ" * 3300], ids=["words", "a", "ŵ"])
def test_long_texts_are_cut_in_order(text: str) -> None:
    channel = SmsChannel(account_sid=ACCOUNT, auth_token=TOKEN, public_url="https://x.org", sender=OURS)
    pieces = channel.pieces(Outgoing(address=MAYA, say=Say(text=text)))
    assert len(pieces) > 1
    assert all(0 < len(piece.text) <= LONGEST_BODY for piece in pieces)
    assert "".join("".join(piece.text for piece in pieces).split()) == "".join(text.split())


FAILURES: list[tuple[str, Any, tuple[str, str, float | None, str, bool]]] = [
    ("opted out", refused(400, 21610), ("opted_out", "21610", None, "opted_out", False)),
    ("no number", refused(400, 21211), ("permanent", "21211", None, "unusable", False)),
    ("landline", refused(400, 21635), ("permanent", "21635", None, "unusable", False)),
    ("country shut", refused(400, 21408), ("configuration", "21408", None, "", True)),
    ("queue full", refused(400, 21611), ("paused", "21611", 300.0, "", False)),
    ("unheard of", refused(400, 29999), ("permanent", "29999", None, "", True)),
    ("too fast", refused(429, 20429), ("paused", "429", 1.0, "", False)),
    ("too fast, and how long", (*refused(429, 20429), {"Retry-After": "7"}), ("paused", "429", 7.0, "", False)),
    ("too fast, until a day", (*refused(429, 20429), {"Retry-After": "Mon"}), ("paused", "429", 1.0, "", False)),
    ("too fast for a week", (*refused(429, 20429), {"Retry-After": "604800"}), ("paused", "429", 3600.0, "", False)),
    ("too fast, by a proxy", (429, "slow down"), ("paused", "429", 1.0, "", False)),
    ("wrong token", refused(401, 20003), ("paused", "20003", 300.0, "", True)),
    ("wrong token, unsaid", (401, ""), ("paused", "401", 300.0, "", True)),
    ("out of service", (503, "down"), ("retry", "503", None, "", False)),
    ("broke on the way", (500, {}), ("unknown", "500", None, "", False)),
    ("bad gateway", (502, "<html>"), ("unknown", "502", None, "", False)),
    ("line drops", "drop", ("unknown", "no answer", None, "", False)),
    ("no answer", "silence", ("unknown", "no answer", None, "", False)),
    ("answer is no JSON", (201, "<html>"), ("unknown", "JSONDecodeError", None, "", False)),
    ("answer has no sid", (201, {"status": "queued"}), ("unknown", "no sid", None, "", False)),
    ("a problem as RFC 9457 has it", (400, {"type": "t", "title": "x", "status": 400, "code": 21614}),
     ("permanent", "21614", None, "unusable", False)),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "expected"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES])
async def test_failures_are_data(answer: Any, expected: tuple[str, str, float | None, str, bool]) -> None:
    async with connected() as (channel, api):
        api.script.append(answer)
        with pytest.raises(SendError) as caught:
            await channel.send(HELLO)
        error = caught.value
        assert (error.kind, error.code, error.retry_after, error.address_state, error.tell_team) == expected
        assert MAYA not in str(error)


async def test_nobody_listening_is_a_retry() -> None:
    async with connected(api_url="http://127.0.0.1:9") as (channel, _):
        with pytest.raises(SendError) as caught:
            await channel.send(HELLO)
        assert caught.value.kind == "retry"


@pytest.mark.parametrize("code", sorted(MEANINGS))
def test_every_code_says_what_to_do(code: str) -> None:
    error = failure(400, code)
    assert error.code == code
    assert error.kind in {"paused", "permanent", "opted_out", "configuration"}
    assert (error.kind == "paused") == (error.retry_after is not None)
    assert error.retryable == (error.kind == "paused")


REPORTS = [
    ("delivered", "", None),
    ("sent", "30005", None),
    ("undelivered", "30005", "unusable"),
    ("undelivered", "30003", ""),
    ("failed", "21610", "opted_out"),
    ("failed", "", None),
]


@pytest.mark.parametrize(("status", "code", "address_state"), REPORTS)
def test_what_a_status_means_for_the_address(status: str, code: str, address_state: str | None) -> None:
    channel = SmsChannel(account_sid=ACCOUNT, auth_token=TOKEN, public_url="https://x.org", sender=OURS)
    error = channel.meaning(StatusReport(channel="sms", provider_id="SM1", status=status, error=code))
    assert (error.address_state if error is not None else None) == address_state


def test_the_limits_are_those_of_a_long_code() -> None:
    limits = SmsChannel(account_sid=ACCOUNT, auth_token=TOKEN, public_url="https://x.org", sender=OURS).limits
    assert (limits.per_second, limits.per_person, limits.until_delivered) == (1.0, GAP_SECONDS, True)


# --- what Twilio holds ----------------------------------------------------------------------------------------------


def page(messages: list[dict[str, Any]], following: str | None = None) -> tuple[int, dict[str, Any]]:
    return 200, {"messages": messages, "next_page_uri": following, "page": 0, "page_size": 100, "uri": "/x"}


async def test_what_came_while_we_were_down_is_fetched_oldest_first() -> None:
    async with connected() as (channel, api):
        incoming = {"direction": "inbound", "from": MAYA, "to": OURS}
        early = NOW - timedelta(days=2)
        api.script.extend([
            page([listed("SM3", "third", **incoming), listed("SM9", "our own")], "/2010-04-01/next?Page=1"),
            page([listed("SM2", "second", **incoming), listed("SM1", "first", NOW - timedelta(hours=5), **incoming)],
                 "/2010-04-01/next?Page=2"),
            page([listed("SM0", "long ago", early, **incoming)], "/2010-04-01/next?Page=3"),
        ])  # fmt: skip
        found = await channel.missed(NOW - timedelta(days=1))
        assert [event.signal for event in found] == [
            Said(text="first", ref="SM1"), Said(text="second", ref="SM2"), Said(text="third", ref="SM3"),
        ]  # fmt: skip
        assert all(isinstance(event, Inbound) and event.address == MAYA for event in found)
        assert [call.path for call in api.calls[1:]] == ["/2010-04-01/next"] * 2, "it stops where nothing is new enough"
        assert api.calls[0].query["To"] == OURS


async def test_a_list_that_goes_round_ends() -> None:
    async with connected() as (channel, api):
        again = page([listed("SM3", "third", direction="inbound", **{"from": MAYA, "to": OURS})], "/2010-04-01/next")
        api.answer = again
        assert len(await channel.missed(NOW - timedelta(days=1))) == 1
        assert len(api.calls) == 2


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(refused(401, 20003), "paused"), ("drop", "unknown"), ((200, "<html>"), "unknown"), ((503, ""), "retry")],
)
async def test_a_list_that_cannot_be_had_is_said(answer: Any, kind: str) -> None:
    async with connected() as (channel, api):
        api.script.append(answer)
        with pytest.raises(SendError) as caught:
            await channel.missed(NOW)
        assert caught.value.kind == kind


OUTCOMES = [
    ("it went out", [listed("SM5", HELLO.text)], ["SM5"]),
    ("nothing there", [], []),
    ("something else", [listed("SM5", "Hello")], []),
    ("the same words, earlier", [listed("SM4", HELLO.text, NOW - timedelta(minutes=5))], []),
    ("the same words from the person", [listed("SM5", HELLO.text, direction="inbound")], []),
    ("twice", [listed("SM6", HELLO.text), listed("SM5", HELLO.text)], ["SM6", "SM5"]),
]


@pytest.mark.parametrize(("messages", "sids"), [row[1:] for row in OUTCOMES], ids=[row[0] for row in OUTCOMES])
async def test_what_became_of_a_message(messages: list[dict[str, Any]], sids: list[str]) -> None:
    async with connected() as (channel, api):
        api.script.append(page(messages))
        assert [sent.provider_id for sent in await channel.outcome(HELLO, NOW)] == sids
        assert api.calls[0].query["To"] == MAYA


async def test_neither_token_number_nor_words_reach_the_log(log_output: io.StringIO) -> None:
    async with connected() as (channel, api):
        await channel.send(HELLO)
        for answer in (refused(400, 21610), (502, HELLO.text), "drop"):
            api.script.append(answer)
            with pytest.raises(SendError):
                await channel.send(HELLO)
        numbers = iter(range(10**6))
        api.answer = lambda _call: page([listed(f"SM{next(numbers)}", HELLO.text)], "/2010-04-01/next")
        await channel.missed(NOW)
    assert "cut short" in log_output.getvalue()
    for secret in (*channel.secrets(), HELLO.text, MAYA, MAYA[1:], OURS):
        assert secret not in log_output.getvalue()
