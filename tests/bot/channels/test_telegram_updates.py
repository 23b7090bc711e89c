"""Telegram's updates, as Telegram writes them, and what we make of each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.button_data import button_data, read_press
from bot.channels.channel import Inbound, Rejected
from bot.channels.telegram.message_content import MEDIA, mark
from bot.channels.telegram.updates import LONGEST_BODY, long_way, read, read_update
from flows.model.signals import Chose, Edited, Said, Sent, Started

PAYLOADS = Path(__file__).parents[2] / "payloads" / "telegram"
MAYA = "5512345678"
WORDS = "The bus stop on my road was taken away."
CHOSE = Chose(token="q8ZkP2mXw1", serial=3, index=0)

MESSAGES = [
    ("text", Said(text=WORDS, ref="41"), {"language_hint": "en"}),
    ("text_without_language", Said(text="ok", ref="41"), {"language_hint": ""}),
    ("text_with_formatting", Said(text="Read https://example.org please", ref="41"), {}),
    ("text_longest", Said(text="a" * 4095 + "é", ref="41"), {}),
    ("text_emoji", Said(text="👩‍👩‍👧 🏚️ 😞", ref="41"), {}),
    ("text_right_to_left", Said(text="أُزيل موقف الحافلة من شارعي", ref="41"), {}),
    ("text_with_nul", Said(text="beforeafter", ref="41"), {}),
    ("text_reply", Said(text="that one", ref="41"), {}),
    ("text_forwarded", Said(text="A friend wrote this", ref="41", forwarded=True), {}),
    ("own_words_forwarded", Said(text="I wrote this to my sister", ref="41"), {}),
    ("photo_forwarded_with_words", Said(text="Closed again", ref="41", forwarded=True), {"media": "photo"}),
    ("text_with_a_quote", Said(text="😞 They wrote:\n> No bus\n> any more\nand that was all", ref="41"), {}),
    ("reply_to_a_quote_from_elsewhere", Said(text="> The bus never came.\nIt was the same for me.", ref="41"), {}),
    ("reply_with_a_quote_of_ours", Said(text="yes", ref="41"), {}),
    ("text_in_private_topic", Said(text="hello", ref="41"), {"thread_id": 7}),
    ("text_in_private_reply_chain", Said(text="hello", ref="41"), {"thread_id": None}),
    ("start", Started(ref="41"), {"entry": ""}),
    ("start_token", Started(ref="41"), {"entry": "k3J9_x-Qz2"}),
    ("start_named", Started(ref="41"), {"entry": "k3J9"}),
    ("start_words", Started(text="my bus stop is gone", ref="41"), {"entry": ""}),
    ("started_as_word", Said(text="/started it all", ref="41"), {}),
    ("location", None, {"point": (51.462134, -2.563912)}),
    ("venue", None, {"point": (55.8889, -4.0231)}),
    ("contact_own", Sent(kind="contact"), {}),
    ("contact_of_another", Sent(kind="contact"), {}),
    ("contact_without_account", Sent(kind="contact"), {}),
    ("users_shared", Sent(kind="users_shared"), {}),
    ("web_app_data", Sent(kind="web_app_data"), {}),
    ("something_new", Sent(kind="unknown"), {}),
    ("voice", Sent(kind="voice"), {"media": ""}),
    ("photo", Sent(kind="photo"), {}),
    ("photo_with_words", Said(text="This is where the stop was.", ref="41"), {"media": "photo"}),
    ("video", Sent(kind="video"), {}),
    ("video_note", Sent(kind="video_note"), {}),
    ("audio", Sent(kind="audio"), {}),
    ("sticker", Sent(kind="sticker"), {}),
    ("animation", Sent(kind="animation"), {}),
    ("document", Sent(kind="document"), {}),
    ("poll", Sent(kind="poll"), {}),
    ("dice", Sent(kind="dice"), {}),
]
PRESSES = [
    ("press", CHOSE, {"ref": "77", "callback_id": "4382bfdwdsb323b2d9", "address": MAYA}),
    ("press_on_an_old_message", Chose(token="q8ZkP2mXw1", serial=1, index=2), {"ref": "3", "address": MAYA}),
    ("press_of_another_bot", None, {"callback_id": "4382bfdwdsb323b2d9"}),
    ("press_with_letters_for_numbers", None, {"callback_id": "4382bfdwdsb323b2d9"}),
    ("press_on_a_game", None, {"callback_id": "4382bfdwdsb323b2d9"}),
]
REST = [
    ("edited", "edit", {"signal": Edited(text=WORDS[:-1] + " in May.", ref="41"), "address": MAYA, "ref": "41"}),
    ("edited_caption", "edit", {"signal": Edited(text="The stop, today", ref="41")}),
    ("edited_live_location", "other", {"point": None}),
    ("blocked", "membership", {"blocked": True, "address": MAYA}),
    ("unblocked", "membership", {"blocked": False, "address": MAYA}),
    ("group_command", "group", {"address": "-1001234567890", "signal": None, "thread_id": None, "raw": b""}),
    ("group_topic", "group", {"address": "-1001234567890", "signal": None, "thread_id": 12, "raw": b""}),
    ("group_reply_chain", "group", {"address": "-1001234567890", "signal": None, "thread_id": None, "raw": b""}),
    ("group_small", "group", {"address": "-4001"}),
    ("group_photo", "group", {"signal": None}),
    ("group_edit", "other", {"signal": None}),
    ("group_joined", "other", {}),
    ("group_added", "other", {"blocked": None}),
    ("press_in_a_group", "other", {"signal": None, "callback_id": "4382bfdwdsb323b2d9"}),
    ("press_without_a_message", "other", {"callback_id": "99"}),
    ("service_message", "other", {}),
    ("pinned", "other", {}),
    ("channel_post", "other", {}),
    ("inline_query", "other", {}),
    ("reaction", "other", {}),
    ("of_a_later_version", "other", {}),
    ("message_of_a_later_version", "unreadable", {"signal": None}),
    ("from_a_bot", "stray", {"address": ""}),
]
TABLE = (
    [(name, "message", {"signal": signal, "address": MAYA, **more}) for name, signal, more in MESSAGES]
    + [(name, "press", {"signal": signal, **more}) for name, signal, more in PRESSES]
    + REST
)


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def read_event(raw: bytes) -> Inbound:
    event = read(raw)
    assert isinstance(event, Inbound)
    return event


@pytest.mark.parametrize(("name", "kind", "facts"), TABLE, ids=[row[0] for row in TABLE])
def test_what_we_make_of_an_update(name: str, kind: str, facts: dict[str, Any]) -> None:
    event = read_event(payload(name))
    assert event.kind == kind
    assert event.provider_id == str(json.loads(payload(name))["update_id"])
    assert {fact: getattr(event, fact) for fact in facts} == facts


NEVER_ASKED_FOR = (
    "message_reaction", "message_reaction_count", "channel_post", "edited_channel_post", "inline_query",
    "chosen_inline_result", "shipping_query", "pre_checkout_query", "poll", "poll_answer", "chat_member",
    "chat_join_request", "chat_boost", "removed_chat_boost", "business_connection", "business_message",
    "edited_business_message", "deleted_business_messages", "purchased_paid_media", "telepathy",
)  # fmt: skip


@pytest.mark.parametrize("kind", NEVER_ASKED_FOR)
@pytest.mark.parametrize("content", [{}, {"id": 1}, {"from": None, "date": "today"}, [], None, "x", 7])
def test_an_update_of_a_kind_that_was_never_asked_for_is_nothing_to_do(kind: str, content: Any) -> None:
    event = read_update({"update_id": 7, kind: content})
    assert isinstance(event, Inbound)
    assert (event.kind, event.raw) == ("other", b"")


ODD_QUOTES = [
    {"type": "blockquote"}, {"type": "blockquote", "offset": -1, "length": 2},
    {"type": "blockquote", "offset": 0, "length": 9999}, {"type": "blockquote", "offset": "0", "length": 2}, None,
]  # fmt: skip


@pytest.mark.parametrize("entity", ODD_QUOTES)
def test_a_quote_that_lies_nowhere_leaves_the_words_as_they_are(entity: Any) -> None:
    update = json.loads(payload("text"))
    update["message"]["entities"] = [entity]
    assert read_update(update).signal == Said(text=WORDS, ref="41")


@given(before=st.text(max_size=9), quote=st.text(min_size=1, max_size=9), after=st.text(max_size=9))
def test_a_quote_loses_no_word_and_marks_no_other(before: str, quote: str, after: str) -> None:
    def units(text: str) -> int:
        return len(text.encode("utf-16-le", "surrogatepass")) // 2

    entity = {"type": "expandable_blockquote", "offset": units(before), "length": units(quote)}
    words = mark({"text": before + quote + after, "entities": [entity]})["text"]
    marked = [line[2:] for line in words.split("\n") if line.startswith("> ")]
    assert "".join(marked).replace("\n", "") == quote.replace("\n", "") or ">" in before + after
    assert words.replace("\n", "").replace("> ", "") == (before + quote + after).replace("\n", "").replace("> ", "")


def test_every_payload_is_in_the_table() -> None:
    names = {path.stem for path in PAYLOADS.glob("*.json")}
    assert len(names) > 50
    assert names == {row[0] for row in TABLE}


@pytest.mark.parametrize("name", [row[0] for row in TABLE])
def test_what_is_kept_for_a_replay_reads_the_same(name: str) -> None:
    event = read_event(payload(name))
    if event.kind in {"message", "press", "edit", "membership"}:
        again = read_event(event.raw)
        if event.point is not None:
            assert again.point is None, "a position was kept"
            assert again.signal == Sent(kind=name)
        elif event.callback_id:
            assert (again.signal, again.address) == (event.signal, event.address)
        else:
            assert again == event
            assert again.raw == event.raw


@pytest.mark.parametrize("name", [row[0] for row in TABLE])
def test_nothing_is_kept_that_is_not_needed(name: str) -> None:
    kept = read_event(payload(name)).raw.decode()
    for needless in ("Okafor", "maya_o", "Maya", "51.4", "55.8", "4477009", "AwACAgQAAx", "Neighbourhood", "Lawrence"):
        assert needless not in kept


@pytest.mark.parametrize("name", [row[0] for row in TABLE if row[1] in {"message", "press"}])
def test_the_short_way_and_the_library_agree(name: str) -> None:
    assert read_event(payload(name)) == long_way(json.loads(payload(name)))


def test_nothing_personal_shows_when_an_event_is_printed() -> None:
    for name, *_ in TABLE:
        printed = repr(read_event(payload(name)))
        assert MAYA not in printed
        assert "bus" not in printed


NOT_UPDATES = [
    ("empty body", b"", 400),
    ("not JSON", b"update_id=1", 400),
    ("cut off", b'{"update_id": 1', 400),
    ("a list", b"[1,2]", 400),
    ("a number", b"7", 400),
    ("no id", b'{"message": {"text": "hello"}}', 400),
    ("id in quotes", b'{"update_id": "7"}', 400),
    ("id is true", b'{"update_id": true}', 400),
    ("not UTF-8", b'{"update_id": 7, "x": "\xff"}', 400),
    ("nested without end", b'{"update_id":7,"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
    ("too large", b'{"update_id": 7, "x": "' + b"a" * LONGEST_BODY + b'"}', 413),
]


@pytest.mark.parametrize(("body", "status"), [row[1:] for row in NOT_UPDATES], ids=[row[0] for row in NOT_UPDATES])
def test_what_is_no_update_is_turned_away(body: bytes, status: int) -> None:
    rejected = read(body)
    assert isinstance(rejected, Rejected)
    assert rejected.status == status


def test_half_a_surrogate_pair_is_mended() -> None:
    raw = orjson.dumps(json.loads(payload("text"))).replace(WORDS.encode(), b"one \\ud83d two")
    event = read_event(raw)
    assert event.signal == Said(text="one \ufffd two", ref="41")
    assert read_event(event.raw) == event


def test_a_service_that_leaves_fields_out_is_understood() -> None:
    update = json.loads(payload("text"))
    del update["message"]["from"]["is_bot"], update["message"]["from"]["first_name"]
    assert read_event(orjson.dumps(update)).signal == Said(text=WORDS, ref="41")


@pytest.mark.parametrize("date", [10**30, -(10**30), 2**63, 253_402_300_800])
def test_a_date_beyond_all_calendars_raises_nothing(date: int) -> None:
    update = json.loads(payload("text"))
    update["message"]["date"] = date
    assert read_update(update).kind == "unreadable"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted({"message_id", "from", "chat", "date", "text", "caption", "contact", "id", "type", "data", *MEDIA})


@given(
    which=st.sampled_from(["message", "edited_message", "callback_query", "my_chat_member", "poll"]),
    name=st.sampled_from([row[0] for row in TABLE]),
    changes=st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=4),
    inside=st.sampled_from([None, "from", "chat", "message", "location", "new_chat_member"]),
)
def test_no_update_however_bent_raises(which: str, name: str, changes: dict[str, Any], inside: str | None) -> None:
    update = json.loads(payload(name))
    body = next((value for key, value in update.items() if key != "update_id"), {})
    target = body.get(inside) if inside is not None and isinstance(body.get(inside), dict) else body
    target.update(changes)
    event = read_update({"update_id": update["update_id"], which: body})
    assert isinstance(event, Inbound)
    if event.kind == "message":
        assert event.address.lstrip("-").isdigit()
        assert isinstance(event.signal, Said | Started | Sent) or event.point is not None
        assert read_event(event.raw).kind == "message"


@given(
    token=st.from_regex(r"[A-Za-z0-9_-]{1,32}", fullmatch=True),
    serial=st.integers(0, 10**9 - 1),
    index=st.integers(0, 99),
)
def test_a_button_comes_back_as_it_went_out(token: str, serial: int, index: int) -> None:
    data = button_data(token, serial, index)
    assert len(data.encode()) <= 64
    assert read_press(data) == Chose(token=token, serial=serial, index=index)
