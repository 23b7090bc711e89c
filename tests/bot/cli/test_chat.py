"""`earshot chat`, as it is typed; what it saves is a transcript that the tests can run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.simulation.transcript import read
from tests.bot.simulation.played import first_difference, run

if TYPE_CHECKING:
    from tests.bot.terminal import Terminal

STORY = "They closed the surgery in our village."


def lines(*typed: str) -> str:
    return "\n".join(typed) + "\n"


def test_a_story_by_text_message_shows_segments_and_what_happens(earshot: Terminal) -> None:
    status = earshot("chat", typed=lines("hello", "AGREE", STORY, "DONE", "Newport", "/press 2", "1", "2", "1 6"))
    assert status == 0
    assert "send AGREE. If not, NO." in earshot.said
    assert re.search(r"\n  2 segments, \d+ of 306, GSM-7\n", earshot.said)
    assert "· about: me and society" in earshot.said
    assert "· looks for “Newport”" in earshot.said
    assert "· place: Newport, Isle of Wight" in earshot.said
    assert f"· keeps a story: “{STORY}”" in earshot.said


def test_the_other_phone_has_buttons(earshot: Terminal) -> None:
    earshot("chat", "--channel", "telegram", typed=lines("/start", "/press 1", "/press I agree"))
    assert "[1] Yes, 18 or over" in earshot.said
    assert "consent to take_part: yes, by “I agree”" in earshot.said
    assert "segment" not in earshot.said


def test_time_passes_when_it_is_told_to(earshot: Terminal) -> None:
    earshot("chat", typed=lines("hello", "AGREE", STORY, "/wait 2m"))
    assert "We have that. Go on, or send DONE." in earshot.said
    assert "Is that your whole story?" in earshot.said
    earshot("chat", typed=lines("hello", "AGREE", "/wait 2d"))
    assert "Hello again from" in earshot.said


def test_what_was_typed_is_saved_and_runs_as_a_test(earshot: Terminal) -> None:
    typed = lines(
        "/start", "/press 1", "/press 1", "We waited six weaks.", "/edit We waited six weeks.", "/send photo",
        "/wait 2m", "/press 1", "/place Coatbridge", "/quit",
    )  # fmt: skip
    status = earshot("chat", "share", "--channel", "telegram", "--save", "weeks.txt", typed=typed)
    assert status == 0
    assert "Saved as weeks.txt." in earshot.said
    transcript = read((earshot.folder / "weeks.txt").read_text(encoding="utf-8"))
    assert len(transcript.exchanges) == 9
    assert first_difference(transcript, run(transcript)) == ""
    assert "We waited six weeks." in transcript.exchanges[-2].came[1].text


def test_a_saved_conversation_is_never_written_over(earshot: Terminal) -> None:
    (earshot.folder / "mine.txt").write_text("dear to me", encoding="utf-8")
    assert earshot("chat", "--save", "mine.txt") == 2
    assert (earshot.folder / "mine.txt").read_text(encoding="utf-8") == "dear to me"


def test_nothing_is_kept_anywhere(earshot: Terminal) -> None:
    earshot("chat", typed=lines("hello", "AGREE", STORY))
    assert list(earshot.folder.iterdir()) == []


def test_slips_are_told_in_plain_words_and_the_conversation_goes_on(earshot: Terminal) -> None:
    earshot(
        "chat", "--channel", "telegram",
        typed=lines("/?", "/start", "/press 9", "/wait for it", "/place Newport", "/edit nothing", "/press 1"),
    )  # fmt: skip
    assert "/wait 2m" in earshot.said
    assert "there is no button “9”" in earshot.said
    assert "“for it” is not a time to wait" in earshot.said
    assert "“Newport” is not one place we know" in earshot.said
    assert "Do you agree that we keep it" in earshot.said


def test_somebody_new_begins_again(earshot: Terminal) -> None:
    earshot("chat", "--save", "again.txt", typed=lines("hello", "no", "/again", "feedback"))
    transcript = read((earshot.folder / "again.txt").read_text(encoding="utf-8"))
    assert [exchange.act.text for exchange in transcript.exchanges] == ["feedback"]
    assert "How was it for you?" in earshot.said


def test_a_flow_of_ones_own_can_be_tried(earshot: Terminal) -> None:
    (earshot.folder / "tiny.toml").write_text(
        'id = "tiny"\ntitle = "Tiny"\nstart = "hi"\n[steps.hi]\ntype = "end"\ntext = "Well met, {organisation}."\n',
        encoding="utf-8",
    )
    assert earshot("chat", "tiny.toml", typed=lines("hello")) == 0
    assert "Well met, Earshot demo team." in earshot.said


def test_unknown_flows_files_and_languages_are_said_so(earshot: Terminal) -> None:
    assert earshot("chat", "shear") == 2
    assert "choose one of: feedback, share" in " ".join(earshot.said.replace("│", " ").split())
    assert earshot("chat", "nowhere.toml") == 2
    assert earshot("chat", "--lang", "cy") == 2
    assert "Drafts are never sent" in " ".join(earshot.said.replace("│", " ").split())
