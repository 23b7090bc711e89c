"""“Your message is safe”: what failed on our side outlives what its writer changes meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from storage import tables
from tests import walk
from tests.bot.service import MAYA, STORY, Service

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from storage.db.writer import Writer

LATER = "There was one more thing: the heron lamp at the clinic door was broken all winter long."
MEANWHILE = {
    "another text is not to be kept": (
        "And a while ago something else happened to my sister at the same clinic.", "Neither, do not keep it",
    ),
    "the place is hidden": ("CHANGE", "Hide the place"),
    "the story is told anew": ("CHANGE", "The story", "2", "It was the bus to the clinic.", "DONE"),
}  # fmt: skip


@pytest.fixture
def service(database: Engine, writer: Writer) -> Service:
    service = Service(database, writer)
    service.proves = True
    return service


@pytest.mark.parametrize("meanwhile", MEANWHILE)
async def test_it_is_heard_once_we_are_well_again(
    service: Service, meanwhile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await service.text(MAYA, *walk.by_text(STORY))
    with monkeypatch.context() as broken:
        broken.setattr("bot.inbound.intake.TurnRunner", None)
        (told,) = await service.text(MAYA, LATER)
    assert "Your message is safe" in told

    said = await service.text(MAYA, *MEANWHILE[meanwhile])
    assert any(done in " ".join(said) for done in ("not kept it", "It is done", "We keep this")), said
    done = await service.recovery.replay()
    assert (done.handled, done.lost) == (1, 0)
    (story,) = service.rows(tables.Story)
    assert story.text.endswith(LATER)
