"""What is the same in every simulated conversation, so that transcripts read the same everywhere."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Final

from flows.model.organisation_facts import OrganisationFacts
from storage.places import ProjectPlace

if TYPE_CHECKING:
    from collections.abc import Sequence

RECEIPTS: Final = ("kettle otter lantern", "basket meadow robin", "candle puffin walnut", "anchor ribbon violin")
"""What stories on one phone can be found again by, in order."""
CODE: Final = 4821
"""What is sent to be sent back."""
FILE_LINK_END: Final = "only-an-example"
SIMULATED_ORGANISATION = OrganisationFacts(
    organisation="Earshot demo team",
    contact="hello@example.org",
    privacy_url="http://127.0.0.1:8000/privacy",
    emergency="999",
    crisis_line="Samaritans on 116 123",
    text_line="SHOUT to 85258",
    youth_line="Childline on 0800 1111",
)
"""Who speaks in transcripts, so that they read the same everywhere."""
SIMULATED_PLACE = ProjectPlace(
    id="gartsherrie",
    name="Gartsherrie",
    parent="Coatbridge",
    scheme="gss",
    code="S12000050",
    latitude=55.87,
    longitude=-4.03,
)
"""That organisation works in North Lanarkshire: a village there is taken without asking."""


class SameDraws(Random):
    """Chance for one turn: the same receipts and the same number every time."""

    def __init__(self) -> None:
        super().__init__(1)
        self.again()

    def again(self) -> None:
        """Begin a turn: the first receipt that no kept story has is drawn."""
        self._receipts = iter(RECEIPTS)

    def sample(self, population: Sequence[Any], k: int, **more: Any) -> list[Any]:
        """Return the words of the next receipt."""
        receipt = next(self._receipts, "")
        return receipt.split() if receipt else super().sample(population, k, **more)

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        """Return the number that is sent to be sent back."""
        return CODE
