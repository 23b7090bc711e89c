"""What people can decide about what they told, and how much each answer allows.

The values are what is stored. A row of the database holds plain words, which equal the members: compare with `==`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class Purpose(StrEnum):
    """What a decision is about, in the order in which people come to it."""

    TAKE_PART = "take_part"
    USE = "use"
    NAMING = "naming"
    CONTACT = "contact"
    INVITE = "invite"
    EDITION = "edition"
    """Whether a story may leave in the version that its teller was shown; asked by us and by no flow."""


class Use(StrEnum):
    """How far a story may travel, the least far first."""

    TEAM = "team"
    QUOTE = "quote"
    PUBLISH = "publish"

    def narrower(self) -> tuple[Use, ...]:
        """Return the uses that let a story travel less far than this one."""
        return USES[: USES.index(self)]

    def reaching(self) -> tuple[Use, ...]:
        """Return the uses that let a story travel at least as far as this one."""
        return USES[USES.index(self) :]


USES: Final = tuple(Use)


class Naming(StrEnum):
    """How the teller of a published story is named, the least first."""

    NONE = "none"
    PLACE = "place"
    NAME = "name"


class ConsentAnswer(StrEnum):
    """The decision that an option of a consent question stands for."""

    YES = "yes"
    NO = "no"
    TEAM = Use.TEAM.value
    QUOTE = Use.QUOTE.value
    PUBLISH = Use.PUBLISH.value
    NONE = Naming.NONE.value
    PLACE = Naming.PLACE.value
    NAME = Naming.NAME.value


WIDTH: Final[Mapping[str, int]] = {
    ConsentAnswer.NO: 0,
    ConsentAnswer.NONE: 0,
    ConsentAnswer.TEAM: 1,
    ConsentAnswer.PLACE: 1,
    ConsentAnswer.QUOTE: 2,
    ConsentAnswer.NAME: 2,
    ConsentAnswer.YES: 3,
    ConsentAnswer.PUBLISH: 3,
}
"""How much each answer allows; of two about the same thing the larger number allows more."""


def use_of(answer: str | None) -> Use:
    """Return the use an answer allows; whatever is unclear allows the least (rule 55)."""
    return Use(answer) if answer in USES else Use.TEAM


def allows_more(wanted: str, than: str) -> bool:
    """Return whether one answer allows more than another; what is no known answer counts against allowing it."""
    return WIDTH.get(wanted, 3) > WIDTH.get(than, 0)
