"""The page of one story: its words, what its teller agreed to, and the team's decision.

`review.story.decide` says what may be decided; this page reads the form and shows the outcome.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from pydantic import ValidationError
from starlette.responses import RedirectResponse

from flows.authoring.flow_graph import CHANNELS, Graph
from flows.authoring.release import Release
from flows.model.vocabulary.consent_answers import Use
from review.kit import labels, render
from review.kit.visit import DECIDERS
from review.queue.queue_page import with_practice
from review.story import decide, place_page, progress_page
from review.story.decide import DecisionRefusal, DecisionRequest
from storage.db.engine import reader
from storage.queries.stories import (
    content_notes,
    editions,
    exports_made,
    follow_ups_asked,
    place_choice,
    review_queue,
    whole_story,
)
from storage.queries.team import members, on_call, safeguarding_work
from storage.stories import own_stories
from storage.stories.editing import WHY_NOT, difference
from storage.tables.edition import EditionState
from storage.tables.story_part import PartKind

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection
    from starlette.responses import Response

    from review.kit.visit import Visit
    from review.story.decide import Act
    from storage.queries.stories.editions import Edition
    from storage.queries.stories.whole_story import Consent, Label, Part, WholeStory

OPENED_EVERY = timedelta(hours=1)
"""Reading a story is recorded once an hour for each reader, not at every reload."""

_SHOWN_APART = frozenset({"scale", "actor", content_notes.DIMENSION, place_choice.DIMENSION})

LARGEST_ID = 2**31 - 1
"""Above this, databases raise errors instead of finding nothing."""

DONE = {
    "approve": "Approved. It may now leave as far as its teller agreed.",
    "decline": "Declined. It stays here and is in no export.",
    "undo": "Undone. Nobody has decided about this story now.",
    "scales": "Scales saved. What the teller said is kept beside them.",
    "notes": "Content notes saved. Readers see them before they open the words.",
}
NOTICES = {
    **DONE,
    **progress_page.STEPS,
    "place": "Place saved. What the teller wrote is kept beside it.",
    "safeguarding": "Passed on. Somebody who looks after people is being alerted now.",
    "unheard": "Passed on. Nobody can be alerted: nobody is on call. Tell somebody who looks after people yourself.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerShown:
    """One question as it was asked, and its answer, in words."""

    question: str
    answer: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One message of the story, with its later corrections."""

    part: Part
    amended: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One edited version, and what it changes."""

    edition: Edition
    lines: tuple[str, ...]
    """Removed lines (`-`) and added lines (`+`)."""
    old: bool
    """True: the teller has added words since, so this version no longer leaves."""


def show(visit: Visit) -> Response:
    """Show the story, and record that it was read (rule 65)."""
    return _story_page(visit)


def act(visit: Visit) -> Response:
    """Approve, decline, undo, set scales or notes. If refused, show the story again with what was typed."""
    story_id = visit.request.path_params["story_id"]
    wished: Act = visit.request.path_params["act"]
    if wished not in DONE or story_id > LARGEST_ID:
        return render.problem(visit, "not_found", 404)
    seen = visit.field("version")
    wanted = DecisionRequest(
        act=wished,
        seen=int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 10 else 0,
        reason=visit.field("reason"),
        words=visit.field("words"),
        scales=visit.fields("scale"),
        notes=visit.fields("note"),
    )
    outcome = decide.carry_out(visit.services.writer, story_id, wanted, visit.who, now=visit.now)
    if isinstance(outcome, DecisionRefusal):
        status = 422 if outcome.kind in {"say_why", "too_long"} else 409
        return _story_page(visit, refusal=outcome, wanted=wanted, status=status)
    return RedirectResponse(f"/stories/{story_id}?done={wished}", 303)


def _story_page(
    visit: Visit, *, refusal: DecisionRefusal | None = None, wanted: DecisionRequest | None = None, status: int = 200
) -> Response:
    story_id = visit.request.path_params["story_id"]
    if story_id > LARGEST_ID:
        return render.problem(visit, "not_found", 404)
    with reader(visit.services.engine) as connection:
        story = whole_story.story_by_id(connection, story_id)
        if story is None and not whole_story.was_taken_back(connection, story_id):
            return render.problem(visit, "not_found", 404)
        if story is None or story.withdrawn_at is not None:
            return render.page(visit, "withdrawn.html", 410, refused=refusal is not None)
        labels = whole_story.labels_of(connection, story_id)
        context = {
            "passages": _passages(whole_story.parts_of(connection, story_id), story),
            "asked": _answers_shown(connection, story),
            "scales": _of(labels, "scale"),
            "actors": _of(labels, "actor"),
            "other_labels": [one for one in labels if one.dimension not in _SHOWN_APART],
            "placed_by": place_page.chosen_by(labels),
            "may_place": visit.services.places is not None and place_page.may_choose(story, labels),
            "content_notes": content_notes.notes_of(connection, [story_id]).get(story_id, ()),
            "note_origins": {one.value: one for one in _of(labels, content_notes.DIMENSION)},
            "consents": _latest_first(whole_story.consents_of(connection, story)),
            "versions": _versions(connection, story),
            "cannot_ask": _cannot_ask(connection, story, visit.now),
            "acts": members.acts_on(connection, "story", story_id, but=("story.opened", members.LISTED)),
            "exports": exports_made.that_held(connection, story_id),
            "nobody_to_alert": not on_call.anybody(connection),
            "safeguarding_since": safeguarding_work.open_for(connection, story.contributor_id),
            "changed_since": own_stories.changed_since(connection, story_id),
            "next_new": review_queue.next_new(
                connection, practice=story.simulated or with_practice(visit, {}), but=story_id
            ),
        }
        opened = members.acted_since(
            connection,
            who=visit.who.email,
            act="story.opened",
            object_kind="story",
            object_id=story_id,
            since=visit.now - OPENED_EVERY,
        )
    if not opened:
        _record_opening(visit, story_id)
    reason, own_words = decide.reason_in_words(story.reason)
    return render.page(
        visit,
        "story.html",
        status,
        story=story,
        may_decide=visit.may(DECIDERS),
        reasons=decide.REASONS,
        reason=reason,
        own_words=own_words,
        refusal=refusal,
        wanted=wanted,
        notice=NOTICES.get(visit.request.query_params.get("done", ""), "") if refusal is None else "",
        **context,
    )


def _versions(connection: Connection, story: WholeStory) -> list[Version]:
    """Return the edited versions, newest first, each compared with the words it was made from."""
    found, before = [], story.text
    for edition in editions.of_story(connection, story.id):
        lines = difference(before, edition.text)
        found.append(Version(edition=edition, lines=lines, old=edition.of_version < story.words_version))
        before = edition.text if edition.state != EditionState.DROPPED else before
    return found[::-1]


def _cannot_ask(connection: Connection, story: WholeStory, now: datetime) -> str:
    """Return why the teller cannot be asked about an edited version; empty if they can."""
    if story.use == Use.TEAM:
        return ""
    why = follow_ups_asked.reach(connection, story.contributor_id, now).why_not
    return WHY_NOT[why] if why else ""


def _record_opening(visit: Visit, story_id: int) -> None:
    def work(connection: Connection) -> None:
        members.record(
            connection,
            at=visit.now,
            who=visit.who.email,
            act="story.opened",
            object_kind="story",
            object_id=story_id,
        )
        own_stories.first_opened(connection, story_id, visit.now)

    visit.services.writer.run(work)


def _of(labels: list[Label], dimension: str) -> list[Label]:
    return [label for label in labels if label.dimension == dimension]


def _latest_first(consents: list[Consent]) -> list[tuple[Consent, bool]]:
    """Return the decisions newest first, each with whether it is the one in force for its purpose."""
    seen: set[str] = set()
    marked = []
    for consent in reversed(consents):
        marked.append((consent, consent.purpose not in seen))
        seen.add(consent.purpose)
    return marked


def _passages(parts: list[Part], story: WholeStory) -> list[Passage]:
    """Return the story's messages in order, each with its corrections."""
    told = [part for part in parts if part.kind != PartKind.AMENDED]
    if not told:
        told = (
            [whole_story.Part(position=0, ref="", text=story.text, kind=PartKind.TOLD, received_at=story.told_at)]
            if story.text
            else []
        )
    refs = {part.ref for part in told if part.ref}
    passages = [
        Passage(
            part=part,
            amended=tuple(
                later for later in parts if later.kind == PartKind.AMENDED and part.ref and later.ref == part.ref
            ),
        )
        for part in told
    ]
    unmatched = [part for part in parts if part.kind == PartKind.AMENDED and part.ref not in refs]
    return passages + [Passage(part=part, amended=()) for part in unmatched]


def _answers_shown(connection: Connection, story: WholeStory) -> list[AnswerShown]:
    """Return the questions and answers that belong to the story, in the order of the flow."""
    body = whole_story.release_of(connection, story.flow, story.structure)
    release = _release(body) if body else None
    rows = {step: (value, note) for step, value, note in whole_story.answers_of(connection, story.id)}
    walked = [step for channel in CHANNELS for step in Graph.of(release.flow, channel).routes()] if release else []
    order = dict.fromkeys([*(step for step in walked if step in rows), *rows])
    return [_answer_shown(release, step, *rows[step]) for step in order]


def _answer_shown(release: Release | None, step: str, value: str, note: str) -> AnswerShown:
    names: dict[str, str] = {}
    question = labels.label(labels.STEPS, step)
    if release is not None and step in release.flow.steps:
        names = {option.value: release.with_organisation(option.label) for option in release.flow.steps[step].choices()}
        question = release.with_organisation(release.flow.steps[step].text)
    return AnswerShown(question=question, answer=_in_words(value, names), note=note)


def _in_words(value: str, names: dict[str, str]) -> str:
    """Return a stored answer in words; empty for a skipped question."""
    try:
        answer = json.loads(value)
    except ValueError:
        return value
    if isinstance(answer, dict):
        return str(answer.get("label") or answer.get("words") or "")
    many = answer if isinstance(answer, list) else [answer]
    return ", ".join(names.get(str(one), str(one)) for one in many if one not in (None, ""))


@lru_cache(maxsize=16)
def _release(body: str) -> Release | None:
    """Return a release from its stored form; None if it cannot be read, and the page lacks the questions' wording."""
    try:
        return Release.from_json(body)
    except ValidationError:
        return None
