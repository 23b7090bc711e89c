"""The way through the shipped flow "share", described once, for every test that walks somebody along it.

By SMS: hello, consent, the story, DONE (from here on it is kept), place, use, contact, about. By chat the age comes
first. At most four questions follow a story, so that whoever publishes is not asked what it is about.
"""

from __future__ import annotations

AGREED_BY_TEXT = ("Hello", "AGREE")
ONCE_MORE = ("SHARE", "AGREE")
"""Whoever told before and says hello is greeted; the flow's own word begins anew."""
AGREED_BY_CHAT = ("/start", "yes", "I agree")
"""Typed; a number alone is no age and no agreement."""
AGREED_BY_PRESS = ("Yes, 18 or over", "I agree")

PLACE = "Easton"
MOST_QUESTIONS = 4
USES = {"team": "1", "quote": "2", "publish": "3"}
CONTACTS = {"yes": "1", "no": "2"}
ABOUT_ME, ABOUT_RULES = "I used it", "Rules, money, attitudes"
FINISHED = "I have finished"
BONUS_BY_PRESS = ("Only your team reads it", "No, please do not", ABOUT_ME, FINISHED)
"""What is pressed after the place was sent."""


def kept_by_text(*story: str) -> tuple[str, ...]:
    """Return the texts until the story is kept and shown."""
    return (*AGREED_BY_TEXT, *story, "DONE")


def kept_by_chat(*story: str) -> tuple[str, ...]:
    """Return the same, typed in a chat."""
    return (*AGREED_BY_CHAT, *story, "DONE")


def bonus(
    place: str = PLACE, use: str = "team", contact: str = "no", about: str = "1", named: tuple[str, ...] = ("1",)
) -> tuple[str, ...]:
    """Return the typed answers that come after a story is kept; `named` counts where it may be published."""
    asked = (place, USES[use], *(named if use == "publish" else ()), CONTACTS[contact], about)
    return asked[:MOST_QUESTIONS]


def by_text(
    *story: str, use: str = "team", contact: str = "no", about: str = "1", place: str = PLACE
) -> tuple[str, ...]:
    """Return every text of a whole conversation by SMS, from the first to the last."""
    return (*kept_by_text(*story), *bonus(place, use, contact, about))


def by_chat(
    *story: str, use: str = "team", contact: str = "no", about: str = "1", place: str = PLACE
) -> tuple[str, ...]:
    """Return everything that is typed in a whole conversation by chat."""
    return (*kept_by_chat(*story), *bonus(place, use, contact, about))


def paced_by_text(*story: str, **bonus: str) -> list[tuple[str, int]]:
    """Return the same with how many of our messages somebody has read when they write each."""
    return _paced(by_text(*story, **bonus), [0, 2, *(3 for _ in story), 3], kept=5)


def paced_by_chat(*story: str, **bonus: str) -> list[tuple[str, int]]:
    """Return the same for a chat, in which the age is a question of its own."""
    return _paced(by_chat(*story, **bonus), [0, 2, 3, *(4 for _ in story), 4], kept=6)


def _paced(said: tuple[str, ...], read: list[int], kept: int) -> list[tuple[str, int]]:
    return list(zip(said, [*read, *range(kept, kept + len(said) - len(read))], strict=True))


ALL_BY_TEXT, ALL_BY_CHAT = 9, 10
"""Our messages in a whole conversation, but for a sign of life."""
SIGN_OF_LIFE = "We have that."
