"""The webhooks end to end: signed by the providers' own tools, answered after the commit; and the pages around them."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event, select
from twilio.request_validator import RequestValidator

from bot.app import App, build
from bot.channels.telegram.telegram_channel import webhook_secret
from bot.settings.environment import read
from storage import tables
from storage.db.engine import reader
from tests import walk
from tests.bot.service import MAYA, OURS, STORY, TOKEN, all_is_read, sms_form, update

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy.engine import Connection

PUBLIC = "https://listen.example.org"
ACCOUNT, AUTH = "AC" + "0" * 32, "c" * 32
SETTINGS = {
    "EARSHOT_PUBLIC_URL": PUBLIC,
    "EARSHOT_ORGANISATION": "Easton Listens",
    "EARSHOT_TELEGRAM_TOKEN": TOKEN,
    "EARSHOT_TWILIO_ACCOUNT_SID": ACCOUNT,
    "EARSHOT_TWILIO_AUTH_TOKEN": AUTH,
    "EARSHOT_TWILIO_FROM": OURS,
}
CHAT = 5_550_001_234
HERE = {"Host": "127.0.0.1:8000"}


class Outside:
    """Providers and browsers, as the web server sees them."""

    def __init__(self, app: App, client: httpx.AsyncClient) -> None:
        self.app = app
        self.client = client

    async def telegram(self, data: Any, secret: str | None = None, **more: Any) -> httpx.Response:
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret or webhook_secret(self.app.settings, self.app.keyring)}
        content = data if isinstance(data, bytes) else json.dumps(data).encode()
        return await self.client.post("/webhooks/telegram", content=content, headers=headers, **more)

    async def sms(
        self, form: dict[str, str] | bytes, path: str = "/webhooks/sms", signature: str | None = None, query: str = ""
    ) -> httpx.Response:
        fields = form if isinstance(form, dict) else {}
        content = form if isinstance(form, bytes) else urlencode(form).encode()
        url = PUBLIC + path + query
        signed = RequestValidator(AUTH).compute_signature(url, fields) if signature is None else signature
        headers = {"X-Twilio-Signature": signed.encode(), "Content-Type": b"application/x-www-form-urlencoded"}
        return await self.client.post(path + query, content=content, headers=headers)

    def read(self) -> None:
        """Let everybody have read what was written to them, though nothing is sent here."""
        all_is_read(self.app.writer, datetime.now(UTC))

    def rows(self, table: Any) -> list[Any]:
        with reader(self.app.engine) as connection:
            return list(connection.execute(select(table.__table__)).all())

    def nothing_stored(self) -> bool:
        with reader(self.app.engine) as connection:
            kept = ("alembic_version", "installation", "notice", "release")
            return not any(
                connection.execute(select(table).limit(1)).all()
                for name, table in tables.metadata.tables.items()
                if name not in kept
            )


@pytest.fixture
async def outside(data_dir: Path) -> AsyncIterator[Outside]:
    app = build(read(SETTINGS | {"EARSHOT_DATA_DIR": str(data_dir)}))
    transport = httpx.ASGITransport(app.asgi, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://10.0.0.1:8000") as client:
        yield Outside(app, client)
    await asyncio.gather(*(channel.stop() for channel in app.channels.values()))
    app.close()


async def test_a_signed_text_message_is_kept_and_answered_with_an_empty_response(outside: Outside) -> None:
    answer = await outside.sms(sms_form(MAYA, "Hello", FromCity="Bristol", Untold="1"))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    assert answer.text == '<?xml version="1.0" encoding="UTF-8"?><Response/>'
    assert len(outside.rows(tables.Outbox)) == 2


async def test_a_story_told_to_the_webhooks_is_in_the_queue(outside: Outside) -> None:
    for text in walk.by_text(STORY, place="Coatbridge"):
        assert (await outside.sms(sms_form(MAYA, text))).status_code == 200
        outside.read()
    for text in walk.by_chat(STORY, place="Coatbridge"):
        answer = await outside.telegram(update(CHAT, text, date=int(datetime.now(UTC).timestamp())))
        outside.read()
        assert (answer.status_code, answer.content) == (200, b"")
    one, other = outside.rows(tables.Story)
    assert (one.text, one.place_label) == (other.text, other.place_label) == (STORY, "Coatbridge, North Lanarkshire")


REFUSED = {
    "no signature": ("", ""),
    "a signature of another call": ("Zm9yZ2VkIHNpZ25hdHVyZQ==", ""),
    "a signature that is no base64": ("é", ""),
    "the right one for another query": (None, "?x=1"),
}


@pytest.mark.parametrize("path", ["/webhooks/sms", "/webhooks/sms/status", "/webhooks/sms/fallback"])
@pytest.mark.parametrize(("signature", "query"), REFUSED.values(), ids=REFUSED.keys())
async def test_a_text_message_with_a_wrong_signature_leaves_nothing(
    outside: Outside, path: str, signature: str | None, query: str
) -> None:
    form = sms_form(MAYA, "Hello")
    if signature is None:
        signature = RequestValidator(AUTH).compute_signature(PUBLIC + path, form)
    answer = await outside.sms(form, path, signature, query)
    assert answer.status_code == 403
    assert outside.nothing_stored()


async def test_the_query_of_the_configured_address_is_part_of_what_is_signed(outside: Outside) -> None:
    answer = await outside.sms(sms_form(MAYA, "Hello"), query="?rc=1&empty=")
    assert answer.status_code == 200


@pytest.mark.parametrize("secret", ["wrong", "é", " "])
async def test_a_wrong_secret_leaves_nothing(outside: Outside, secret: str) -> None:
    answer = await outside.client.post(
        "/webhooks/telegram",
        content=json.dumps(update(CHAT, "Hello")).encode(),
        headers={"X-Telegram-Bot-Api-Secret-Token": secret.encode()},
    )
    assert answer.status_code == 403
    assert outside.nothing_stored()


async def test_no_secret_at_all_leaves_nothing(outside: Outside) -> None:
    assert (await outside.client.post("/webhooks/telegram", json=update(CHAT, "Hello"))).status_code == 403
    assert outside.nothing_stored()


NOT_AN_UPDATE = {
    "an empty body": b"",
    "no JSON": b"hello",
    "cut off": b'{"update_id": 1, "mess',
    "a list": b"[1, 2]",
    "a number": b"7",
    "null": b"null",
    "an object of something else": b'{"ok": true}',
    "an id in words": b'{"update_id": "seven"}',
    "an id that is true": b'{"update_id": true}',
    "not UTF-8": b'{"update_id": 1, "message": "\xff\xfe"}',
    "brackets without end": b"[" * 100_000,
}


@pytest.mark.parametrize("body", NOT_AN_UPDATE.values(), ids=NOT_AN_UPDATE.keys())
async def test_what_is_no_update_is_told_so_and_leaves_nothing(outside: Outside, body: bytes) -> None:
    answer = await outside.telegram(body)
    assert (answer.status_code, answer.text) == (400, "unreadable")
    assert outside.nothing_stored()


UNKNOWN = {
    "a kind of update we never asked for": {"poll": {"id": "1"}},
    "a kind that does not exist yet": {"thought": {"words": STORY}},
    "a message without anything in it": {"message": {}},
    "a message turned inside out": {"message": {"message_id": "x", "text": {"a": 1}, "chat": [], "from": None}},
}


@pytest.mark.parametrize("part", UNKNOWN.values(), ids=UNKNOWN.keys())
async def test_an_update_of_a_shape_we_do_not_know_is_acknowledged(outside: Outside, part: dict[str, Any]) -> None:
    answer = await outside.telegram({"update_id": 7} | part)
    assert answer.status_code == 200
    assert outside.rows(tables.Contributor) == []
    assert "bus stop" not in repr(outside.rows(tables.Inbound))


WORDS = {
    "nothing at all": "",
    "blanks": "  \n\t ",
    "ten thousand characters": "long " * 2_000,
    "NUL": "before\0after, and some more words to be a story",
    "half a surrogate pair": "broken \ud83d half, and some more words to be a story",
    "right to left": "مرحبا، أريد أن أحكي لكم قصتي عن الحافلة التي لا تأتي",
    "right-to-left marks": "\u202eHello\u202c there, this is \u2067turned\u2069 around",
    "only emoji": "😀😡🚌",
    "a flag and a family": "🏴󠁧󠁢󠁳󠁣󠁴󠁿👨‍👩‍👧‍👦",
    "zero width": "\u200b\u200d\ufeff",
    "a formula": '=HYPERLINK("http://x","y")',
    "markup": "<script>alert(1)</script>",
    "combining without end": "e" + "\u0301" * 500,
    "a command with blanks": "  STOP  ",
}


@pytest.mark.parametrize("by", ["sms", "telegram"])
@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS.keys())
@pytest.mark.parametrize("before", [(), walk.AGREED_BY_TEXT], ids=["as first words", "as a story"])
async def test_whatever_people_type_is_answered_with_200(
    outside: Outside, by: str, words: str, before: tuple[str, ...]
) -> None:
    async def say(text: str) -> int:
        outside.read()
        if by == "telegram":
            now = int(datetime.now(UTC).timestamp())
            return (await outside.telegram(update(CHAT, text, date=now))).status_code
        return (await outside.sms(sms_form(MAYA, text.encode("utf-8", "replace").decode()))).status_code

    chat = walk.AGREED_BY_CHAT if before and by == "telegram" else before
    assert {await say(text) for text in (*chat, words, "DONE")} == {200}
    assert [row.state for row in outside.rows(tables.Inbound) if row.state != "handled"] == []
    assert {item.kind for item in outside.rows(tables.TeamItem)} <= {"other_language"}


FORMS = {
    "an empty body": b"",
    "no form": b"\x00\xff{}",
    "no sender": urlencode({"MessageSid": "SM1", "Body": "Hello"}).encode(),
    "no id": urlencode({"From": MAYA, "Body": "Hello"}).encode(),
}


@pytest.mark.parametrize("body", FORMS.values(), ids=FORMS.keys())
async def test_a_signed_form_that_is_no_message_leaves_no_person(outside: Outside, body: bytes) -> None:
    fields = dict(parse_qsl(body.decode("latin-1"), keep_blank_values=True))
    signature = RequestValidator(AUTH).compute_signature(PUBLIC + "/webhooks/sms", fields)
    answer = await outside.sms(body, signature=signature)
    assert answer.status_code in {200, 400, 403}
    assert "Traceback" not in answer.text
    assert outside.rows(tables.Contributor) == outside.rows(tables.Outbox) == []


@pytest.mark.parametrize("path", ["/webhooks/telegram", "/webhooks/sms"])
async def test_two_megabytes_are_turned_away(outside: Outside, path: str) -> None:
    answer = await outside.client.post(path, content=b"x" * 2_000_000)
    assert answer.status_code == 413
    assert outside.nothing_stored()


async def test_a_status_in_any_order_is_acknowledged(outside: Outside) -> None:
    for status in ("delivered", "sent", "delivered", "dreaming"):
        form = {"MessageSid": "SM" + "9" * 32, "MessageStatus": status, "To": MAYA, "AccountSid": ACCOUNT}
        assert (await outside.sms(form, "/webhooks/sms/status")).status_code == 200
    assert len(outside.rows(tables.DeliveryEvent)) == 3


async def test_the_fallback_stores_and_does_nothing_else(outside: Outside) -> None:
    form = sms_form(MAYA, "Hello")
    assert (await outside.sms(form, "/webhooks/sms/fallback")).status_code == 200
    assert [row.state for row in outside.rows(tables.Inbound)] == ["stored"]
    assert outside.rows(tables.Contributor) == outside.rows(tables.Outbox) == []
    assert await outside.app.recovery.stored() == 1
    assert len(outside.rows(tables.Outbox)) == 2


async def test_three_deliveries_at_once_over_http(outside: Outside) -> None:
    data = update(CHAT, "/start")
    answers = await asyncio.gather(*(outside.telegram(data) for _ in range(3)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(outside.rows(tables.Inbound)) == 1


async def test_what_cannot_be_kept_is_not_acknowledged(outside: Outside) -> None:
    outside.app.writer.close()
    assert (await outside.telegram(update(CHAT, "Hello"))).status_code == 503
    assert (await outside.sms(sms_form(MAYA, "Hello"))).status_code == 503
    assert (await outside.client.get("/readyz")).status_code == 503


async def test_channels_that_are_off_have_no_webhook(tmp_path: Path) -> None:
    app = build(read({"EARSHOT_DATA_DIR": str(tmp_path / "var")}))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app.asgi), base_url="http://127.0.0.1") as client:
        for path in ("/webhooks/telegram", "/webhooks/sms", "/webhooks/sms/status"):
            assert (await client.post(path)).status_code in {404, 405}
    app.close()


# --- around them ----------------------------------------------------------------------------------------------------


async def test_health_says_what_works(outside: Outside) -> None:
    early = await outside.client.get("/healthz")
    assert (early.status_code, early.text) == (503, "starting\n"), "the first message would wait for what is not warm"
    answer = await outside.client.get("/readyz")
    works = {"ready": False, "database": True, "turns": True, "delivery": False, "warm": False, "cause": None}
    assert (answer.status_code, answer.json()) == (503, works)
    outside.app.warming = asyncio.ensure_future(asyncio.sleep(0))
    await outside.app.warming
    assert (await outside.client.get("/healthz")).text == "ok\n"


async def test_trouble_is_named_and_readiness_ends_with_it(outside: Outside) -> None:
    def shut(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA query_only=ON")

    event.listen(outside.app.engine, "begin", shut)
    answer = await outside.sms(sms_form(MAYA, "Hello"))
    assert (answer.status_code, int(answer.headers["retry-after"]) > 0) == (503, True)
    found = await outside.client.get("/readyz")
    assert (found.status_code, found.json()["database"], found.json()["cause"]) == (503, False, "read-only")
    assert found.json()["turns"] is False


async def test_too_much_in_hand_is_turned_away_and_fetched_later(outside: Outside) -> None:
    outside.app.admission.limit = 0
    answer = await outside.sms(sms_form(MAYA, "Hello"))
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    assert outside.app.recovery._refused_since is not None


async def test_figures_hold_counts_and_nobody(outside: Outside) -> None:
    await outside.sms(sms_form(MAYA, STORY))
    await outside.sms(sms_form(MAYA, STORY), signature="forged")
    text = (await outside.client.get("/metrics", headers=HERE)).text
    families = {family.name for family in text_string_to_metric_families(text)}
    assert {"earshot_messages", "earshot_turn_seconds", "earshot_refused", "earshot_outbox"} <= families
    assert 'earshot_refused_total{reason="signature",route="sms"}' in text
    for secret in (MAYA, MAYA[1:], "bus stop", TOKEN, AUTH):
        assert secret not in text
    assert "earshot_safeguarding_open 0.0\n" in text, "counts only, with no label that could say anything of anybody"
    assert "earshot_safeguarding_overdue 0.0\n" in text


@pytest.mark.parametrize("path", ["/nowhere", "/stories/1", "/join/nothing", "/webhooks/pigeon", "/%00", "/..%2f.env"])
async def test_no_page_shows_more_than_it_should(outside: Outside, path: str) -> None:
    headers = HERE | {"Accept": "text/html"}
    answer = await outside.client.get(path, headers=headers, follow_redirects=True)
    assert answer.status_code in {200, 404, 410}
    assert "Traceback" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "max-age" in answer.headers["strict-transport-security"]


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
async def test_an_error_of_ours_is_told_without_its_inside(
    outside: Outside, accept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(f"secret of {MAYA}")

    monkeypatch.setattr("bot.web.routes._count", fail)
    answer = await outside.client.get("/metrics", headers=HERE | {"Accept": accept})
    assert answer.status_code == 500
    assert "went wrong on our side" in answer.text
    assert "secret" not in answer.text
    assert "RuntimeError" not in answer.text


async def test_the_privacy_notice_is_open_to_everybody(outside: Outside) -> None:
    answer = await outside.client.get("/privacy", headers={"Host": "listen.example.org"})
    assert answer.status_code == 200
    assert "Easton Listens" in answer.text


NOT_SHOWN = {
    "through a web server on this machine": {"Host": "127.0.0.1", "X-Forwarded-For": "198.51.100.7"},
    "through one that says it otherwise": {"Host": "127.0.0.1", "Forwarded": "for=198.51.100.7"},
    "through one that says it in its own way": {"Host": "127.0.0.1", "X-Real-IP": "198.51.100.7"},
    "through one that only says how it was asked": {"Host": "127.0.0.1", "X-Forwarded-Proto": "https"},
    "under the public name": {"Host": "listen.example.org"},
    "with a token, where none is set": {"Host": "listen.example.org", "Authorization": "Bearer "},
}


@pytest.mark.parametrize("headers", NOT_SHOWN.values(), ids=NOT_SHOWN.keys())
async def test_figures_are_not_shown_to_the_world(outside: Outside, headers: dict[str, str]) -> None:
    answer = await outside.client.get("/metrics", headers=headers)
    assert answer.status_code == 403
    assert "earshot_" not in answer.text


async def test_figures_are_shown_to_another_machine_with_the_token_only(tmp_path: Path) -> None:
    token = "prometheus-has-this-one"
    app = build(read(SETTINGS | {"EARSHOT_DATA_DIR": str(tmp_path / "var"), "EARSHOT_METRICS_TOKEN": token}))
    transport = httpx.ASGITransport(app.asgi, client=("198.51.100.7", 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://10.0.0.1:8000") as client:
        for shown, status in ((f"Bearer {token}", 200), ("Bearer wrong", 403), (token, 403), ("Bearer é", 403)):
            headers = {"Authorization": shown.encode()}
            assert (await client.get("/metrics", headers=headers)).status_code == status
        assert (await client.get("/metrics")).status_code == 403
    app.close()


@pytest.mark.parametrize("path", ["/static/try.js", "/review/static/htmx/htmx.min.js"])
async def test_whoever_reads_no_answer_holds_no_file_open(
    outside: Outside, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anyio.open_file", lambda *_a, **_b: pytest.fail("a descriptor for as long as nobody reads"))
    host = {"Host": "127.0.0.1"}
    answer = await outside.client.get(path, headers=host)
    assert len(answer.content) == int(answer.headers["content-length"]) > 500
    assert "javascript" in answer.headers["content-type"]
    assert "immutable" in answer.headers["cache-control"]
    again = await outside.client.get(path, headers=host | {"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["/", "/sign-in", "/privacy", "/privacy/complaint", "/try", "/export/", "/static"])
async def test_no_answer_repeats_a_made_up_host(outside: Outside, path: str) -> None:
    answer = await outside.client.get(path, headers={"Host": "evil.example"})
    assert answer.status_code == 421
    assert "evil.example" not in answer.text + str(answer.headers)


@pytest.mark.parametrize("origin", ["http://[", "//", "x" * 3000, "http://[::1", "é"])
async def test_an_origin_that_no_browser_sends_is_turned_away(outside: Outside, origin: str) -> None:
    for path in ("/sign-in", "/privacy/complaint"):
        answer = await outside.client.post(
            path, data={"said": "x"}, headers=[("Host", "127.0.0.1"), ("Origin", origin.encode())]
        )
        assert answer.status_code == 403
