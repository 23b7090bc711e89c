"""The question types, one file each. To add one: its file here and its word in `QUESTIONS`."""

from __future__ import annotations

from flows.questions.choice import ChoiceStep
from flows.questions.consent import ConsentStep
from flows.questions.credit import CreditStep
from flows.questions.end import EndStep
from flows.questions.kept import KeptStep
from flows.questions.many import ManyStep
from flows.questions.place import PlaceStep
from flows.questions.question import Step
from flows.questions.rating import RatingStep
from flows.questions.read_back import ReadBackStep
from flows.questions.say import SayStep
from flows.questions.short_text import ShortTextStep
from flows.questions.story import StoryStep

QUESTIONS: tuple[type[Step], ...] = (
    SayStep,
    ChoiceStep,
    ManyStep,
    ConsentStep,
    CreditStep,
    ShortTextStep,
    StoryStep,
    RatingStep,
    PlaceStep,
    ReadBackStep,
    KeptStep,
    EndStep,
)
