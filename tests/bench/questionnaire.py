"""The one conversation both bots hold: a greeting, a consent, six questions, a confirmation: nine turns.

Imported by the load generator, the plain bot and Earshot's own start-up; holds no measurement.
"""

from __future__ import annotations

GREETING = "/start"
ASK_CONSENT = "Hello. We collect stories. Do you agree that we keep yours?"
QUESTIONS = (
    "Where did it take place?",
    "When was it?",
    "What happened, in your own words?",
    "Who was touched by it?",
    "What is different since then?",
    "What should others know?",
)
ASK_CONFIRM = "Thank you. Shall we keep it?"
GOODBYE = "Your story is with us. Thank you."
REFUSED = "That is fine. Nothing was kept."
TURNS = 9

PADDING = (
    "nobody told us before the water was at the door, and it was morning before anyone came to see how we were doing"
)


def words(person: int, turn: int) -> str:
    """Return what simulated person `person` sends as turn 1 to 9."""
    if turn == 1:
        return GREETING
    return "yes" if turn in (2, TURNS) else f"p{person} q{turn - 2} {PADDING}"


def step(done: int, answers: list[str], text: str) -> tuple[int, list[str], str]:
    """Return (turns done, answers, reply) after one more message: the plain bot's whole logic."""
    if text == GREETING or done in (0, TURNS):
        return 1, [], ASK_CONSENT
    if done == 1:
        return (2, [], QUESTIONS[0]) if text.startswith("y") else (0, [], REFUSED)
    if done < TURNS - 1:
        answers = [*answers, text]
        return done + 1, answers, QUESTIONS[done - 1] if done < TURNS - 2 else ASK_CONFIRM
    return (TURNS, answers, GOODBYE) if text.startswith("y") else (0, [], REFUSED)


FLOW = f"""\
id = "share"
title = "Bench"
start = "take_part"
nudges = 1

[steps.take_part]
type = "consent"
purpose = "take_part"
narrowest = "no"
text = "{ASK_CONSENT}"
options = [
  {{ value = "agree", label = "Yes", decision = "yes", next = "q1" }},
  {{ value = "no", label = "No", decision = "no", next = "parted" }},
]

[steps.read_back]
type = "read_back"
text = "{{story}} {ASK_CONFIRM}"
change_text = "Which?"
next = "bye"
options = [
  {{ value = "keep", label = "Yes, keep it", next = "bye", words = ["yes"] }},
  {{ value = "change", label = "Change" }},
  {{ value = "drop", label = "No, drop it", next = "parted" }},
]
change = [{{ value = "q3", label = "The story" }}]

[steps.bye]
type = "end"
text = "{GOODBYE}"

[steps.parted]
type = "end"
outcome = "parted"
text = "{REFUSED}"
"""
QUESTION = """
[steps.q{number}]
type = "short_text"
story = {is_story}
text = "{text}"
next = "{after}"
"""
STORY_QUESTION = 3


def flow() -> str:
    """Return the same conversation as a flow file."""
    after = [f"q{number}" for number in range(2, len(QUESTIONS) + 1)] + ["read_back"]
    return FLOW + "".join(
        QUESTION.format(number=number, is_story=str(number == STORY_QUESTION).lower(), text=text, after=following)
        for number, (text, following) in enumerate(zip(QUESTIONS, after, strict=True), start=1)
    )
