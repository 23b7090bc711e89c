"""The Telegram channel against a Bot API on this machine."""

from __future__ import annotations

import asyncio
import io
import json
from collections import deque
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.warnings import PTBDeprecationWarning

from bot.channels.channel import Inbound, Outgoing, Piece, Rejected, SendError, SentPiece
from bot.channels.telegram import polling as telegram_polling
from bot.channels.telegram.bot_api import TooFastError, UnansweredError, failure, seconds
from bot.channels.telegram.telegram_channel import LONGEST_TEXT, TelegramChannel
from flows.model.effects import Option, Say
from flows.model.messages import utf16_units
from flows.model.signals import Said
from tests.bot.channels.provider import Provider, provider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TOKEN = "123456789:AAbbCCddEEff-0123456789_abcdefghijk"
SECRET = "s3cret_of_the_webhook_0123456789"
CHAT = "5512345678"
OTHER_CHAT = "5512345679"
TEXT = (Path(__file__).parents[2] / "payloads" / "telegram" / "text.json").read_bytes()
ME = {"id": 1, "is_bot": True, "first_name": "E", "username": "easton_listens_bot"}
HELLO = Piece(address=CHAT, text="Where did this happen?")


def ok(result: Any = True) -> tuple[int, dict[str, Any]]:
    return 200, {"ok": True, "result": result}


def no(status: int, description: str, **parameters: Any) -> tuple[int, dict[str, Any]]:
    more = {"parameters": parameters} if parameters else {}
    return status, {"ok": False, "error_code": status, "description": description, **more}


def message(number: int) -> dict[str, Any]:
    return {"message_id": number, "date": 1795420800, "chat": {"id": int(CHAT), "type": "private"}, "text": "x"}


async def no_wait(_seconds: float) -> None:
    await asyncio.sleep(0)


@asynccontextmanager
async def connected(**settings: Any) -> AsyncIterator[tuple[TelegramChannel, Provider]]:
    async with provider(answer=ok(message(9))) as api:
        settings = {"token": TOKEN, "webhook_secret": SECRET, "api_url": f"{api.url}/bot", "sleep": no_wait} | settings
        channel = TelegramChannel(**settings)
        try:
            yield channel, api
        finally:
            await channel.stop()


# --- in -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "status"),
    [(SECRET, None), ("wrong", 403), ("", 403), (SECRET + "x", 403), ("sécret", 403), (SECRET[:-1], 403)],
)
def test_only_the_secret_opens_the_webhook(given: str, status: int | None) -> None:
    channel = TelegramChannel(token=TOKEN, webhook_secret=SECRET)
    answer = channel.receive("/webhooks/telegram", "", {"x-telegram-bot-api-secret-token": given}, TEXT)
    if status is None:
        assert isinstance(answer, Inbound)
    else:
        assert answer == Rejected(status, "secret")  # type: ignore[arg-type]


def test_without_the_header_the_webhook_stays_shut() -> None:
    channel = TelegramChannel(token=TOKEN, webhook_secret=SECRET)
    assert channel.receive("/webhooks/telegram", "", {}, TEXT) == Rejected(403, "secret")


async def test_start_names_the_updates_it_wants_and_the_secret() -> None:
    async with connected(webhook_url="https://listen.example.org/webhooks/telegram") as (channel, api):
        api.script.append(ok(ME))
        await channel.start()
        (hook,) = api.of("/setWebhook")
        assert hook["url"] == "https://listen.example.org/webhooks/telegram"
        assert hook["secret_token"] == SECRET
        assert set(hook["allowed_updates"]) == {"message", "edited_message", "callback_query", "my_chat_member"}
        assert channel.reach == "https://t.me/easton_listens_bot"


async def test_start_for_polling_takes_the_webhook_away() -> None:
    async with connected() as (channel, api):
        api.script.append(ok(ME))
        await channel.start()
        assert [call.path.rsplit("/", 1)[1] for call in api.calls] == ["getMe", "deleteWebhook"]


MENUS = {"en": [("stop", "Stop"), ("my_data", "See")], "cy": [("stop", "Stopio")], "gsw-CH": [("stop", "Halt")]}


async def test_a_menu_is_shown_in_each_language_and_the_first_to_everybody_else() -> None:
    async with connected() as (channel, api):
        api.script.append(ok(ME))
        channel.offer(MENUS)
        await channel.start()
        while len(api.of("/setMyCommands")) < 3:  # noqa: ASYNC110 - a real server answers in its own time
            await asyncio.sleep(0)
        shown = {call.get("language_code"): call["commands"] for call in api.of("/setMyCommands")}
        assert set(shown) == {"", "en", "cy"}
        assert shown["en"] == shown[""] == [{"command": "stop", "description": "Stop"},
                                            {"command": "my_data", "description": "See"}]  # fmt: skip
        assert shown["cy"] == [{"command": "stop", "description": "Stopio"}]
        assert {call["scope"]["type"] for call in api.of("/setMyCommands")} == {"all_private_chats"}


@pytest.mark.parametrize("answer", [no(404, "Not Found"), no(400, "language_code is invalid"), (200, "<html>")])
async def test_a_menu_that_is_refused_keeps_nobody_from_writing(answer: Any) -> None:
    async with connected() as (channel, api):
        api.script.extend([ok(ME), ok(), answer])
        channel.offer(MENUS)
        await channel.start()
        while not api.of("/setMyCommands"):  # noqa: ASYNC110 - a real server answers in its own time
            await asyncio.sleep(0)
        assert channel.reach == "https://t.me/easton_listens_bot"
        await channel.send(HELLO)


async def test_start_says_that_the_token_is_wrong() -> None:
    async with connected() as (channel, api):
        api.script.append(no(401, "Unauthorized"))
        with pytest.raises(SendError) as caught:
            await channel.start()
        assert caught.value.kind == "configuration"


async def test_start_goes_on_trying_while_telegram_is_down() -> None:
    async with connected(webhook_url="https://listen.example.org/webhooks/telegram") as (channel, api):
        api.script.extend([(502, "Bad Gateway"), "drop", ok(ME)])
        await channel.start()
        assert channel.reach == ""
        while not api.of("/setWebhook"):  # noqa: ASYNC110 - a real server answers in its own time
            await asyncio.sleep(0)
        assert channel.reach == "https://t.me/easton_listens_bot"


async def test_polling_moves_on_only_when_updates_are_kept() -> None:
    async with connected() as (channel, api):
        first, second = json.loads(TEXT), json.loads(TEXT)
        second["update_id"] += 1
        second["message"]["text"] = "second"
        api.answer = lambda call: ok([] if call.fields.get("offset", 0) > second["update_id"] else [first, second])
        heard: list[str] = []
        done = asyncio.Event()

        async def handler(inbound: Inbound) -> None:
            assert isinstance(inbound.signal, Said)
            heard.append(inbound.signal.text)
            if len(heard) == 2:
                raise RuntimeError("the database is gone")
            if len(heard) == 4:
                done.set()

        polling = asyncio.create_task(channel.poll(handler))
        await done.wait()
        while len(api.calls) < 3:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0)
        polling.cancel()
        assert heard[:2] == heard[2:], "what was not kept is asked for again"
        offsets = [call.fields.get("offset") for call in api.calls[:3]]
        assert offsets == [None, None, second["update_id"] + 1]
        assert all(call.fields["allowed_updates"] for call in api.calls)


async def test_polling_outlives_refusals_and_unreadable_updates() -> None:
    async with connected() as (channel, api):
        update = json.loads(TEXT)
        api.script.extend(
            [no(409, "Conflict: terminated by other getUpdates"), no(429, "Too Many", retry_after=3), "drop"]
        )
        api.script.append(ok([{"no": "id"}, {"update_id": 5, "message": {"odd": 1}}, update]))
        api.answer = ok([])
        kinds: list[str] = []

        async def handler(inbound: Inbound) -> None:
            kinds.append(inbound.kind)

        polling = asyncio.create_task(channel.poll(handler))
        while len(kinds) < 2:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0)
        polling.cancel()
        assert sorted(kinds) == ["message", "unreadable"]


UPDATE = json.loads(TEXT)
NOTHING_NEW: dict[str, Any] = {
    "has nothing": [], "brings the same for ever": [UPDATE], "brings what has no number": [{"no": "id"}],
}  # fmt: skip


@pytest.mark.parametrize("updates", NOTHING_NEW.values(), ids=NOTHING_NEW)
async def test_polling_takes_its_time_where_the_server_does_not_wait_and(
    updates: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telegram_polling, "FLOOR_SECONDS", 1000.0)
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            await asyncio.Event().wait()

    async def handler(_inbound: Inbound) -> None: ...

    async with connected(sleep=sleep) as (channel, api):
        api.answer = ok(updates)
        polling = asyncio.create_task(channel.poll(handler))
        while len(waits) < 3:  # noqa: ASYNC110 - a real server answers in its own time
            await asyncio.sleep(0)
        polling.cancel()
    new = 1 if updates == [UPDATE] else 0
    assert len(api.calls) == new + 3, "a wait after each call that brought nothing new"
    assert min(waits) > 900


async def test_a_press_is_acknowledged_behind_the_answer() -> None:
    async with connected() as (channel, api):
        api.answer = ok()
        channel.acknowledge(Inbound(channel="telegram", provider_id="1", kind="press", callback_id="438"))
        channel.acknowledge(Inbound(channel="telegram", provider_id="2", kind="message"))
        while not api.calls:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0)
        assert api.of("/answerCallbackQuery") == [{"callback_query_id": "438"}]


async def test_a_press_that_cannot_be_acknowledged_is_let_go() -> None:
    async with connected() as (channel, api):
        api.answer = no(400, "Bad Request: query is too old")
        channel.acknowledge(Inbound(channel="telegram", provider_id="1", kind="press", callback_id="438"))
        while channel._behind:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0)
        assert len(api.calls) == 1


async def test_a_group_is_told_once_where_to_write() -> None:
    async with connected() as (channel, api):
        group = Inbound(channel="telegram", provider_id="1", kind="group", address="-1001", thread_id=12)
        channel.answer_group(group, "Please write to us here: https://t.me/easton_listens_bot")
        channel.answer_group(group, "Please write to us here: https://t.me/easton_listens_bot")
        while channel._behind:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0)
        (sent,) = api.of("/sendMessage")
        assert (sent["chat_id"], sent["message_thread_id"]) == (-1001, 12)


# --- out ------------------------------------------------------------------------------------------------------------

YES, NO = Option(value="yes", label="Yes, keep it", key="1"), Option(value="no", label="N" * 90, key="2")


def test_options_are_buttons_with_opaque_data() -> None:
    say = Say(text="May we keep it?", options=(YES, NO), serial=12)
    (piece,) = TelegramChannel(token=TOKEN, webhook_secret=SECRET).pieces(
        Outgoing(address=CHAT, say=say, token="q8ZkP2mXw1")
    )
    assert piece.buttons == (("Yes, keep it", "q8ZkP2mXw1.12.0"), ("N" * 63 + "…", "q8ZkP2mXw1.12.1"))
    assert all(len(data.encode()) <= 64 and len(label) <= 64 for label, data in piece.buttons)


def test_what_is_switched_on_is_ticked() -> None:
    say = Say(text="Which?", options=(YES, NO), serial=2, toggles=True, toggled=("yes",), redraw=True)
    (piece,) = TelegramChannel(token=TOKEN, webhook_secret=SECRET).pieces(
        Outgoing(address=CHAT, say=say, token="t", redraw_of="77")
    )
    assert piece.buttons[0][0] == "✓ Yes, keep it"
    assert piece.redraw_of == "77"


LONG = [
    ("paragraphs", "\n\n".join(["word " * 200] * 9)),
    ("one line", "a" * 9000),
    ("emoji count double", "😞" * 5000),
    ("just fits", "a" * LONGEST_TEXT),
    ("one too many", "a" * (LONGEST_TEXT + 1)),
]


@pytest.mark.parametrize("text", [row[1] for row in LONG], ids=[row[0] for row in LONG])
def test_long_texts_are_cut_and_lose_no_word(text: str) -> None:
    say = Say(text=text, options=(YES,), serial=1)
    pieces = TelegramChannel(token=TOKEN, webhook_secret=SECRET).pieces(Outgoing(address=CHAT, say=say, token="t"))
    assert all(0 < utf16_units(piece.text) <= LONGEST_TEXT for piece in pieces)
    assert "".join("".join(piece.text for piece in pieces).split()) == "".join(text.split())
    assert [bool(piece.buttons) for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert len(pieces) <= utf16_units(text) // LONGEST_TEXT + 2


async def test_a_message_goes_out_as_plain_text() -> None:
    async with connected() as (channel, api):
        piece = Piece(address=CHAT, text="*Not* <bold>", buttons=(("Yes", "t.1.0"), ("No", "t.1.1")))
        assert await channel.send(piece) == SentPiece("9")
        (sent,) = api.of("/sendMessage")
        assert sent == {
            "chat_id": int(CHAT),
            "text": "*Not* <bold>",
            "link_preview_options": {"is_disabled": True},
            "reply_markup": {
                "inline_keyboard": [
                    [{"text": "Yes", "callback_data": "t.1.0"}],
                    [{"text": "No", "callback_data": "t.1.1"}],
                ]
            },
        }


NO_TOPIC = ["Bad Request: message thread not found", "Bad Request: TOPIC_DELETED", "Bad Request: TOPIC_CLOSED"]


@pytest.mark.parametrize("words", NO_TOPIC)
async def test_a_topic_that_telegram_does_not_know_is_left_out_at_once_and_from_then_on(words: str) -> None:
    async with connected() as (channel, api):
        api.answer = lambda call: no(400, words) if call.fields.get("message_thread_id") == 321 else ok(message(9))
        for text in ("first", "second"):
            assert await channel.send(Piece(address=CHAT, text=text, thread_id=321)) == SentPiece("9")
        assert [(sent["text"], sent.get("message_thread_id")) for sent in api.of("/sendMessage")] == [
            ("first", 321), ("first", None), ("second", None),
        ]  # fmt: skip
        await channel.send(Piece(address=CHAT, text="another topic", thread_id=5))
        await channel.send(Piece(address=OTHER_CHAT, text="another chat", thread_id=5))
        assert [sent.get("message_thread_id") for sent in api.of("/sendMessage")[3:]] == [5, 5]


async def test_what_is_wrong_with_the_message_itself_is_not_put_down_to_its_topic() -> None:
    async with connected() as (channel, api):
        api.answer = no(400, "Bad Request: message text is empty")
        with pytest.raises(SendError, match="permanent 400"):
            await channel.send(Piece(address=CHAT, text="x", thread_id=321))
        assert len(api.calls) == 1


async def test_only_so_many_refused_topics_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.channels.telegram.telegram_channel.MOST_THREADS", 2)
    async with connected() as (channel, api):
        api.answer = lambda call: no(400, NO_TOPIC[0]) if "message_thread_id" in call.fields else ok(message(9))
        for number in (1, 2, 3, 1):
            await channel.send(Piece(address=CHAT, text="x", thread_id=number))
        assert len(api.calls) == 8
        assert len(channel._no_threads) == 2


REDRAWN = Piece(address=CHAT, text="Which?", buttons=(("✓ Yes", "t.1.0"),), redraw_of="77")
REDRAWS = [
    ("done", ok(message(77)), "77", ["editMessageReplyMarkup"]),
    ("same as before", no(400, "Bad Request: message is not modified"), "77", ["editMessageReplyMarkup"]),
    ("gone", no(400, "Bad Request: message to edit not found"), "9", ["editMessageReplyMarkup", "sendMessage"]),
]


@pytest.mark.parametrize(("answer", "provider_id", "methods"), [r[1:] for r in REDRAWS], ids=[r[0] for r in REDRAWS])
async def test_toggles_are_redrawn_in_place(answer: Any, provider_id: str, methods: list[str]) -> None:
    async with connected() as (channel, api):
        api.script.append(answer)
        assert await channel.send(REDRAWN) == SentPiece(provider_id)
        assert [call.path.rsplit("/", 1)[1] for call in api.calls] == methods


FAILURES: list[tuple[str, Any, tuple[str, str, float | None, str, bool]]] = [
    ("too fast", no(429, "Too Many Requests: retry after 7", retry_after=7), ("paused", "429", 7.0, "", False)),
    ("too fast, unsaid", (429, "slow down"), ("paused", "429", 1.0, "", False)),
    ("blocked", no(403, "Forbidden: bot was blocked by the user"), ("permanent", "403", None, "blocked", False)),
    ("no such chat", no(400, "Bad Request: chat not found"), ("permanent", "400", None, "unusable", False)),
    ("bad request", no(400, "Bad Request: message text is empty"), ("permanent", "400", None, "", True)),
    ("refused with a 200", (200, {"ok": False, "description": "x"}), ("permanent", "400", None, "", True)),
    ("wrong token", no(401, "Unauthorized"), ("paused", "401", 60.0, "", True)),
    ("broken", (502, "<html>Bad Gateway</html>"), ("retry", "not telegram", None, "", False)),
    ("overloaded", no(500, "Internal Server Error"), ("retry", "network", None, "", False)),
    ("line drops", "drop", ("unknown", "no answer", None, "", False)),
    ("no answer", "silence", ("unknown", "no answer", None, "", False)),
    ("a page of a proxy", (200, "<html>"), ("retry", "not telegram", None, "", False)),
    ("half an answer", (200, '{"ok":true,"result":{"mess'), ("retry", "not telegram", None, "", False)),
    ("a page that forbids", (403, "<html>Forbidden</html>"), ("retry", "not telegram", None, "", False)),
    ("a page that wants a password", (401, "<html>Sign in</html>"), ("retry", "not telegram", None, "", False)),
    ("a page that finds nothing", (404, "<html>"), ("retry", "not telegram", None, "", False)),
    ("answer has no result", (200, {"hello": 1}), ("unknown", "no answer", None, "", False)),
]


@pytest.mark.parametrize(("answer", "expected"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES])
async def test_failures_are_data(answer: Any, expected: tuple[str, str, float | None, str, bool]) -> None:
    async with connected(read_seconds=0.1) as (channel, api):
        api.script.append(answer)
        with pytest.raises(SendError) as caught:
            await channel.send(HELLO)
        error = caught.value
        assert (error.kind, error.code, error.retry_after, error.address_state, error.tell_team) == expected
        assert HELLO.text not in str(error)


async def test_the_wait_may_stand_in_a_header() -> None:
    async with connected() as (channel, api):
        api.answer, api.headers = (429, "slow down"), {"Retry-After": "12"}
        with pytest.raises(SendError) as caught:
            await channel.send(HELLO)
        assert caught.value.retry_after == 12


async def test_nobody_listening_is_a_retry() -> None:
    channel = TelegramChannel(token=TOKEN, webhook_secret=SECRET, api_url="http://127.0.0.1:9/bot")
    with pytest.raises(SendError) as caught:
        await channel.send(HELLO)
    await channel.stop()
    assert (caught.value.kind, caught.value.retryable) == ("retry", True)


async def test_a_group_that_moved_is_followed() -> None:
    async with connected() as (channel, api):
        api.script.append(no(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-100777))
        assert await channel.send(Piece(address="-4001", text="Please write to us here")) == SentPiece("9")
        assert [sent["chat_id"] for sent in api.of("/sendMessage")] == [-4001, -100777]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TooFastError(5), "paused"),
        (Forbidden("x"), "permanent"),
        (InvalidToken(), "paused"),
        (BadRequest("x"), "permanent"),
        (UnansweredError("x"), "unknown"),
        (TimedOut(), "retry"),
        (NetworkError("x"), "retry"),
        (ChatMigrated(1), "permanent"),
        (Conflict("x"), "retry"),
        (TelegramError("x"), "permanent"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_every_error_of_the_library_has_a_meaning(error: TelegramError, kind: str) -> None:
    assert failure(error).kind == kind


def test_the_librarys_own_wait_is_read_in_both_of_its_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.warns(PTBDeprecationWarning):
        assert failure(RetryAfter(5)).retry_after == 5
    monkeypatch.setenv("PTB_TIMEDELTA", "1")
    assert failure(RetryAfter(timedelta(seconds=5))).retry_after == 5


@pytest.mark.parametrize(("wait", "expected"), [(5, 5.0), (0, 1.0), (timedelta(seconds=90), 90.0), (10**6, 3600.0)])
def test_a_wait_is_a_number_or_a_timedelta(wait: Any, expected: float) -> None:
    assert seconds(wait) == expected


@pytest.mark.parametrize(("per_second", "gap"), [(30.0, 1.0), (3000.0, 0.01), (15.0, 2.0)])
def test_one_rate_sets_both_limits(per_second: float, gap: float) -> None:
    limits = TelegramChannel(token=TOKEN, webhook_secret=SECRET, per_second=per_second).limits
    assert (limits.per_second, limits.per_person) == (per_second, gap)


async def test_neither_token_nor_words_reach_the_log(log_output: io.StringIO) -> None:
    async with connected() as (channel, api):
        api.script = deque(
            [ok(ME), ok(), ok(message(1)), (502, "<html>"), no(400, "Bad Request: " + HELLO.text), "drop"]
        )
        await channel.start()
        await channel.send(HELLO)
        for _ in range(3):
            with pytest.raises(SendError):
                await channel.send(HELLO)
        api.answer = no(400, "Bad Request: query is too old")
        channel.acknowledge(Inbound(channel="telegram", provider_id="1", kind="press", callback_id="438"))
        while channel._behind:  # noqa: ASYNC110 - a real server answers in its own time
            await asyncio.sleep(0)
        channel.receive("/webhooks/telegram", "", {"x-telegram-bot-api-secret-token": SECRET}, TEXT)
    assert len(api.calls) == 7
    assert "press not acknowledged" in log_output.getvalue()
    for secret in (*channel.secrets(), HELLO.text, "bus stop", CHAT, "AAbbCCdd"):
        assert secret not in log_output.getvalue()


# --- taking away ----------------------------------------------------------------------------------------------------


def unsaid(*numbers: int) -> Piece:
    return Piece(address=CHAT, text="", deletes=tuple(map(str, numbers)))


async def test_messages_are_taken_away_a_hundred_at_a_time() -> None:
    async with connected() as (channel, api):
        api.script.extend([ok(), ok()])
        assert await channel.send(unsaid(*range(1, 131))) == SentPiece("")
        first, second = api.of("/deleteMessages")
        assert first == {"chat_id": int(CHAT), "message_ids": list(range(1, 101))}
        assert second["message_ids"] == list(range(101, 131))


async def test_one_that_is_too_old_or_unknown_does_not_spare_the_others() -> None:
    async with connected() as (channel, api):
        refused = no(400, "Bad Request: message can't be deleted for everyone")
        api.script.extend([refused, ok(), refused, ok()])
        assert await channel.send(unsaid(1, 2, 3)) == SentPiece("")
        assert [call["message_id"] for call in api.of("/deleteMessage")] == [1, 2, 3]


async def test_an_id_that_is_none_is_passed_over() -> None:
    async with connected() as (channel, api):
        api.script.append(ok())
        await channel.send(Piece(address=CHAT, text="", deletes=("", "x", "７", "12")))
        assert api.of("/deleteMessages")[0]["message_ids"] == [12]


async def test_taking_away_may_be_tried_again_when_nobody_knows() -> None:
    async with connected(read_seconds=0.05) as (channel, api):
        api.script.append("silence")
        with pytest.raises(SendError) as caught:
            await channel.send(unsaid(1))
        assert (caught.value.kind, caught.value.code) == ("retry", "no answer")
