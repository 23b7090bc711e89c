"""A person's file in plain words, to be read on a phone or on paper. Knows no table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flows.model.channel_look import LOOKS
from flows.model.vocabulary.consent_answers import Purpose
from flows.model.vocabulary.item_kinds import Role
from storage.tables.story_part import PartKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    Held = dict[str, Any]

NO_WORDS = "(no words: a button, a picture or a place)"
CHANNELS: dict[str, str] = {
    **{look.name: look.way for look in LOOKS.values()},
    "simulator": "the practice phone",
    "assisted": "a worker who wrote it down",
}
"""How something came, in words; what is not named here is told by its bare name."""
PURPOSES = {
    Purpose.TAKE_PART: "taking part",
    Purpose.USE: "how far your story may travel",
    Purpose.NAMING: "how you are named",
    Purpose.CONTACT: "being contacted about your story",
    Purpose.INVITE: "being invited again",
    Purpose.EDITION: "sharing the version that you were shown",
}
ACTS = {
    "story.opened": "opened the story",
    "story.listed": "read how the story begins, in a list",
    "story.approved": "approved the story",
    "story.declined": "declined the story",
    "story.undone": "undid a decision about the story",
    "story.tagged": "set the scales of the story",
    "person.found": "looked you up",
    "person.exported": "made a copy like this one",
}
ROLES: Mapping[str, str] = {
    Role.LEAD: "A team lead",
    Role.REVIEWER: "A reviewer",
    Role.OUTREACH: "An outreach worker",
    Role.SAFEGUARDING: "A safeguarding lead",
    "earshot": "The service by itself",
}
CHOSEN_BY = {"contributor": "you said so", "rule": "a word rule suggested it", "reviewer": "the team added it"}
WORDS_OF_EVENT = ("Body", "text", "words", "caption")


def readable(pseudonym: str, made_at: datetime, held: dict[str, list[Held]]) -> str:
    """Return the whole file as text. Whatever is held and has no sentence of its own here is told name by name."""
    lines = [
        "What we hold about you",
        "",
        f"Made on {_day(made_at)}. Our team knows you only as {pseudonym}.",
        "The same is in the other file (JSON), in full detail, for another program to read.",
    ]
    for name, title in TITLES.items():
        rows = held.get(name, [])
        lines += ["", "", title, "-" * len(title), ""]
        lines += [line for row in rows for line in _told(name, row)] or ["Nothing."]
    others = [name for name in held if name not in TITLES]
    for name in others:
        title = name.replace("_", " ").capitalize()
        lines += ["", "", title, "-" * len(title), ""]
        lines += [line for row in held[name] for line in _plainly(row)] or ["Nothing."]
    return "\n".join(lines) + "\n"


def _person(row: Held) -> list[str]:
    told = [f"We know you since {_day(row['created_at'])}. You last wrote on {_day(row['heard_at'])}."]
    if row["language"]:
        told.append(f"Your language here: {row['language']}.")
    if row["source"]:
        told.append(f"You came by: {row['source']}.")
    if row["opted_out"]:
        told.append("You said STOP: we do not write to you.")
    if row["simulated"]:
        told.append("You wrote on the practice phone.")
    if row["signposted_at"]:
        told.append(f"We last named somebody to talk to on {_day(row['signposted_at'])}.")
    return told


def _address(row: Held) -> list[str]:
    where = row["address"] or "let go, it cannot be found any more"
    return [f"{_channel(row)}: {where} ({row['state'].replace('_', ' ')})"]


def _message(row: Held) -> list[str]:
    words = _words(row["event"]) if row["event"] is not None else "(what it said is deleted)"
    return [f"{_time(row['received_at'])}, {_channel(row)}:", *_indented(words)]


def _sealed(row: Held) -> list[str]:
    return [f"{_time(row['received_at'])}, held unread until you agree:", *_indented(row["words"])]


def _sent(row: Held) -> list[str]:
    when = row["sent_at"] or row["created_at"]
    words = _words(row["payload"]) if row["payload"] is not None else ""
    return [f"{_time(when)}, {_channel(row)}: {row['kind']}, {row['state']}", *_indented(words)]


def _conversation(row: Held) -> list[str]:
    told = [f"Began {_time(row['started_at'])}, last changed {_time(row['updated_at'])}: {row['status']}."]
    state = row["state"] if isinstance(row["state"], dict) else {}
    for step, answer in state.get("answers", {}).items():
        told += _indented(
            f"{step}: {_value(answer.get('label') or answer.get('value'))} {answer.get('note', '')}".strip()
        )
    partial = state.get("partial") or state.get("scratch") or {}  # as it is stored now, or as it was before
    begun = _leaves({key: value for key, value in partial.items() if key != "kind"})
    begun += [leaf for asked in state.get("interruptions", ()) for leaf in _leaves(asked.get("parts"))]
    if begun:
        told += _indented(f"Being written: {', '.join(begun)}")
    if state.get("receipt"):
        told += _indented(f"Receipt: {state['receipt']}")
    return told


def _story(row: Held) -> list[str]:
    told = [f"Story {row['id']}, told {_time(row['told_at'])} by {_channel(row)}:", *_indented(row["text"]), ""]
    place = row["place_label"] or row["place_words"]
    if place:
        told.append(f"  Place: {place} (in your words: {row['place_words'] or place})")
    told.append(f"  May travel as far as: {row['use']}. Where it is: {row['progress']}.")
    if row["credit"]:
        told.append(f"  Named as: {row['credit']}")
    told.append(f"  The team’s decision: {row['state']}{_because(row['reason'])}")
    for answer in row["answers"]:
        told += _indented(f"{answer['step']}: {_answer(answer['value'])} {answer['note']}".strip())
    for tag in row["tags"]:
        gone = ", taken away again" if tag["removed_at"] else ""
        told.append(f"  Tag: {tag['dimension']} {tag['value']} ({CHOSEN_BY.get(tag['origin'], tag['origin'])}{gone})")
    later = [part for part in row["parts"] if part["kind"] != PartKind.TOLD]
    for part in later:
        told += [f"  {part['kind'].capitalize()} {_time(part['received_at'])}:", *_indented(part["text"], 4)]
    for edition in row["editions"]:
        version = f"{edition['position']}, {_day(edition['made_at'])}, {edition['state']}"
        told += [f"  Edited version {version}{_because(edition['reason'])}:", *_indented(edition["text"], 4)]
    return [*told, ""]


def _decision(row: Held) -> list[str]:
    what = PURPOSES.get(row["purpose"], row["purpose"])
    told = [
        f"{_time(row['decided_at'])}, about {what}. We asked:",
        *_indented(row["words_shown"], 4),
        f"  You answered: “{row['literal']}”. We took it as: {row['answer']}.",
    ]
    if row["valid_until"]:
        told.append(f"  This holds until {_day(row['valid_until'])}.")
    if row["assisted"]:
        aloud = " It was read aloud." if row["read_aloud"] else ""
        told.append(f"  Somebody of our team wrote for you, here: {row['assisted_where']}.{aloud}")
    return told


def _request(row: Held) -> list[str]:
    closed = f"closed {_day(row['closed_at'])}: {row['outcome']}" if row["closed_at"] else "open"
    words = _words(row["words"]) if row["words"] is not None else ""
    return [f"{_day(row['opened_at'])}: {row['kind']}, due by {_day(row['due_at'])}, {closed}", *_indented(words)]


def _care(row: Held) -> list[str]:
    looked = (
        f"A person looked on {_day(row['a_person_looked_at'])}."
        if row["a_person_looked_at"]
        else "Nobody has looked yet."
    )
    return [f"On {_day(row['noted_at'])} our team was asked to see whether you are all right. {looked}"]


def _item(row: Held) -> list[str]:
    noted = [f"  Their note: {row['note']}"] if row["note"] else []
    return [f"{_day(row['raised_at'])}: {row['kind']}{', done' if row['closed_at'] else ''}", *noted]


def _code(row: Held) -> list[str]:
    back = f"it came back {_time(row['used_at'])}" if row["used_at"] and row["tries"] else "it was not used"
    return [f"{_time(row['made_at'])}: we sent you a number to show that you read this; {back}."]


def _seen(row: Held) -> list[str]:
    who = ROLES.get(row["role"], row["role"].capitalize())
    act = ACTS.get(row["act"], row["act"].replace(".", " ").replace("_", " "))
    story = f" {row['story_id']}" if row["story_id"] else ""
    return [f"{_time(row['at'])}: {who} {act}{story}."]


def _export(row: Held) -> list[str]:
    return [f"{_day(row['at'])}: story {row['story_id']} was in export {row['export']}, for “{row['use']}”."]


def _plainly(row: Held) -> list[str]:
    told = [f"{name.replace('_', ' ')}: {_value(value)}" for name, value in row.items() if value not in (None, "")]
    return [*told, ""]


TITLES = {
    "person": "You",
    "addresses": "How we reach you",
    "stories": "Your stories",
    "decisions": "What you decided",
    "conversations": "Conversations",
    "messages": "Messages as they came in",
    "messages_held_sealed": "Messages held unread",
    "messages_we_sent": "Messages we sent or are about to send",
    "questions_we_asked_back": "What we asked you later",
    "requests": "What you asked of us",
    "care": "Care",
    "notes_to_the_team": "Notes to the team about you",
    "numbers_we_sent": "Numbers we sent you to send back",
    "seen_by_the_team": "Who looked",
    "exports": "Where your stories went",
}
_TELLING = {
    "person": _person,
    "addresses": _address,
    "stories": _story,
    "decisions": _decision,
    "conversations": _conversation,
    "messages": _message,
    "messages_held_sealed": _sealed,
    "messages_we_sent": _sent,
    "requests": _request,
    "care": _care,
    "notes_to_the_team": _item,
    "numbers_we_sent": _code,
    "seen_by_the_team": _seen,
    "exports": _export,
}


def _told(name: str, row: Held) -> list[str]:
    return _TELLING.get(name, _plainly)(row)


def _words(event: Any) -> str:
    """Return what was said in an event of any provider, however deep it lies; the whole event is in the other file."""
    if not isinstance(event, dict):
        return str(event)
    return "\n".join(_said(event)) or NO_WORDS


def _said(event: Held) -> list[str]:
    found: list[str] = []
    for name, value in event.items():
        if isinstance(value, dict):
            found += _said(value)
        elif name in WORDS_OF_EVENT and isinstance(value, str) and value:
            found.append(value)
    return found


def _value(value: Any) -> str:
    return value if isinstance(value, str) else str(json.dumps(value, ensure_ascii=False, default=str))


def _answer(value: str) -> str:
    """Return a stored answer as people read it; a place by its name."""
    try:
        answer = json.loads(value)
    except ValueError:
        return value
    if isinstance(answer, dict):
        answer = answer.get("label") or answer.get("words") or ""
    many = answer if isinstance(answer, list) else [answer]
    return ", ".join(str(one) for one in many if one not in (None, ""))


def _leaves(value: Any) -> list[str]:
    """Return what stands in a record, however deep, without the record."""
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return [leaf for each in inner for leaf in _leaves(each)]
    return [] if value in (None, "") else [str(value)]


def _because(reason: str) -> str:
    return f" ({reason})" if reason else ""


def _indented(text: str, by: int = 2) -> list[str]:
    return [f"{' ' * by}{line}".rstrip() for line in str(text).splitlines()]


def _channel(row: Held) -> str:
    return CHANNELS.get(row["channel"], str(row["channel"]))


def _day(at: datetime) -> str:
    return f"{at.day} " + at.strftime("%B %Y")


def _time(at: datetime) -> str:
    return f"{_day(at)}, {at:%H:%M} UTC"
