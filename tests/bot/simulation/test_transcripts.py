"""Every conversation in tests/transcripts goes as it is written, and the format keeps what it is given."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.simulation.transcript import (
    Exchange,
    Transcript,
    TranscriptAct,
    TranscriptError,
    TranscriptLine,
    duration,
    read,
    write,
)
from flows.authoring.loader import load
from tests.bot.simulation.played import FOLDER, first_difference, phone_for, run, updated

FILES = sorted(FOLDER.rglob("*.txt"))


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_a_conversation_goes_as_it_is_written(path: Path, pytestconfig: pytest.Config) -> None:
    transcript = read(path.read_text(encoding="utf-8"))
    assert transcript.exchanges
    ran = run(transcript)
    if pytestconfig.getoption("update_transcripts", default=False):
        path.write_text(write(updated(transcript, ran)), encoding="utf-8")
        return
    assert not first_difference(transcript, ran), first_difference(transcript, ran)


def test_every_flow_is_told_on_every_channel() -> None:
    told = {(transcript.flow, transcript.channel) for transcript in (read(p.read_text("utf-8")) for p in FILES)}
    assert told == {(flow.id, channel) for flow in load() for channel in ("sms", "telegram")}


def test_a_difference_is_told_with_its_line() -> None:
    transcript = read("flow: share\nchannel: sms\n\n> Hello\n* begins\n< Good evening.\n")
    told = first_difference(transcript, run(transcript))
    assert told.startswith("line 4: after “Hello” it says\n    * begins\n    < Good evening.\nbut this came:")
    assert "Not for emergencies" in told


def test_what_is_left_out_may_be_anything_and_stays_left_out() -> None:
    text = "flow: share\nchannel: sms\nlanguage: en\n\n> Hello\n* begins\n< Hello from …\n< May we keep …\n"
    transcript = read(text)
    ran = run(transcript)
    assert first_difference(transcript, ran) == ""
    assert write(updated(transcript, ran)) == text


ACTS = (
    TranscriptAct("say", "Hello"),
    TranscriptAct("say", "Two lines,\nand\n\nmore"),
    TranscriptAct("say", "[in brackets]"),
    TranscriptAct("say", "(wait 2 minutes)"),
    TranscriptAct("say", "> pasted"),
    TranscriptAct("say", "\\ a backslash"),
    TranscriptAct("say", "Łódź 🙂"),
    TranscriptAct("press", "Yes, 18 or over"),
    TranscriptAct("wait", "2 days"),
    TranscriptAct("position", "Glenboig"),
    TranscriptAct("send", "photo"),
    TranscriptAct("send", "audio"),
    TranscriptAct("version", "A doctor came.", "It names a doctor"),
    TranscriptAct("version", "A doctor came."),
    TranscriptAct("renewal", "publishing", "March 2027"),
    TranscriptAct("edit", "We waited six weaks.", "We waited six weeks."),
)


@pytest.mark.parametrize("act", ACTS, ids=[f"{act.kind}-{number}" for number, act in enumerate(ACTS)])
def test_what_is_written_is_read_again(act: TranscriptAct) -> None:
    came = (TranscriptLine("<", "One line\n\nand another\n1 Yes"), TranscriptLine("*", "holds it sealed"))
    transcript = Transcript(flow="share", channel="telegram", about="What it shows.", exchanges=(Exchange(act, came),))
    (exchange,) = read(write(transcript)).exchanges
    assert (exchange.act, exchange.came) == (act, came)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("flow: share\n> Hi\n", "channel: sms"),
        ("channel: sms\n> Hi\n", "Above the first message"),
        ("flow: share\nchannel: sms\ncolour: red\n> Hi\n", "Above the first message"),
        ("flow: share\nchannel: sms\n< Hi\n", "Line 3"),
        ("flow: share\nchannel: sms\n> Hi\nHello\n", "Line 4"),
        ("flow: share\nchannel: sms\n> (wait a while)\n", "Line 3: “a while” is not a time to wait"),
    ],
)
def test_a_slip_in_a_transcript_is_told_in_plain_words(text: str, told: str) -> None:
    with pytest.raises(TranscriptError) as raised:
        read(text)
    assert told in str(raised.value)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2 minutes", timedelta(minutes=2)),
        ("1 minute", timedelta(minutes=1)),
        ("2m", timedelta(minutes=2)),
        ("90s", timedelta(seconds=90)),
        ("3 Days", timedelta(days=3)),
        ("1w", timedelta(weeks=1)),
    ],
)
def test_times_to_wait(text: str, time: timedelta) -> None:
    assert duration(text) == time


def test_a_position_in_many_places_is_not_guessed() -> None:
    transcript = Transcript(
        flow="share", channel="telegram", exchanges=(Exchange(TranscriptAct("position", "Newport")),)
    )
    with pytest.raises(TranscriptError, match="not one place"):
        run(transcript)


def test_a_fresh_phone_knows_nothing() -> None:
    phone = phone_for(Transcript(flow="share", channel="sms"))
    assert phone.buttons == ()
    assert phone.history == []
