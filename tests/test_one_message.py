"""How much code one message passes: a text message on its way in, through a turn, and its answer on the way out.

Whoever looks for a fault reads along this way. What is counted is product code (`bot`, `flows`, `storage`, `review`)
that runs in any thread from the call of Twilio's webhook, signed and in a service that is warm, until Twilio has the
answer; where none is sent, until the webhook is answered. A function is a named function or method: lambdas,
comprehensions and generator expressions belong to the function that they stand in, and the bodies of modules and
classes ran once, when they were imported. Several people send the same, and only what ran for all of them counts: what
falls in by chance, such as a beat of the sender, is none of the message's.

`flows` is counted apart: most of it asks what the words mean, and each meaning has a file of its own.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

import httpx
import pytest
from twilio.request_validator import RequestValidator

from bot.app import build
from bot.settings.environment import read
from tests.bot.channels.provider import Call, provider
from tests.bot.service import OURS, STORY, sms_form

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from types import CodeType, FrameType

ROOT = Path(__file__).parents[1]
ROOMS = tuple(f"{ROOT}/{room}/" for room in ("bot", "flows", "storage", "review"))
PUBLIC = "https://listen.example.org"
ACCOUNT, AUTH = "AC" + "0" * 32, "d" * 32
MORE = "And the next one is a mile away, which is too far for me."
PEOPLE = 4
"""How many tell their story; the first one warms the service up, and is not counted."""
PATIENCE = 20.0


class Counted(NamedTuple):
    """How much one message passes outside of `flows`, and in all."""

    files: int
    functions: int
    all_files: int
    all_functions: int


WAY = (("Hello", 2), ("AGREE", 1), (STORY, 0), (MORE, 0), ("DONE", 2), ("SKIP", 1), ("1", 1), ("2", 1))
"""What each person sends, and how many messages answer it."""
MOST = {
    "Hello": Counted(files=38, functions=134, all_files=74, all_functions=256),
    "AGREE": Counted(files=34, functions=118, all_files=75, all_functions=272),
    MORE: Counted(files=24, functions=79, all_files=60, all_functions=208),
    "2": Counted(files=34, functions=118, all_files=75, all_functions=266),
}
"""The greeting, an answer that consents, a part of a story, an answer to a later question."""
Function = tuple[str, str]
"""A file of the repository and the name of a function in it."""


class Watch:
    """Remembers what runs while it is on."""

    def __init__(self) -> None:
        self.on = False
        self._ran: set[CodeType] = set()

    def see(self, frame: FrameType, event: str, _arg: object) -> None:
        """Take one event of the interpreter's profiler."""
        if self.on and event == "call":
            self._ran.add(frame.f_code)

    def passed(self) -> set[Function]:
        """Return which of our functions ran since this was last asked."""
        ran, self._ran = self._ran, set()
        return {
            (code.co_filename.removeprefix(f"{ROOT}/"), code.co_qualname)
            for code in ran
            if code.co_filename.startswith(ROOMS) and not code.co_name.startswith("<")
        }


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Watch this thread, and every one that begins from here on."""
    watch, before = Watch(), sys.getprofile()
    threading.setprofile(watch.see)
    sys.setprofile(watch.see)
    yield watch
    sys.setprofile(before)
    threading.setprofile(before)


@asynccontextmanager
async def service(folder: Path, watch: Watch) -> AsyncIterator[Callable[[str, str, int], Awaitable[set[Function]]]]:
    """Give a function that sends a text message and returns what it passed until so many answers were taken."""
    awaited, all_taken = 0, asyncio.Event()

    def taken(_call: Call) -> tuple[int, dict[str, Any]]:
        nonlocal awaited
        awaited -= 1
        if awaited == 0:
            watch.on = False
            all_taken.set()
        return 201, {"sid": f"SM{len(twilio.calls):032x}", "status": "queued", "num_segments": "1"}

    async with provider(answer=taken) as twilio:
        app = build(read({
            "EARSHOT_DATA_DIR": str(folder), "EARSHOT_PUBLIC_URL": PUBLIC, "EARSHOT_TWILIO_RATE": "1000",
            "EARSHOT_TWILIO_ACCOUNT_SID": ACCOUNT, "EARSHOT_TWILIO_AUTH_TOKEN": AUTH, "EARSHOT_TWILIO_FROM": OURS,
            "EARSHOT_TWILIO_API_URL": twilio.url,
        }))  # fmt: skip
        await app.sender.start()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app.asgi), base_url=PUBLIC) as client:

            async def send(sender: str, text: str, answers: int) -> set[Function]:
                nonlocal awaited
                form, awaited = sms_form(sender, text), answers
                signature = RequestValidator(AUTH).compute_signature(f"{PUBLIC}/webhooks/sms", form)
                headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
                all_taken.clear()
                watch.on = True
                response = await client.post("/webhooks/sms", content=urlencode(form).encode(), headers=headers)
                assert response.status_code == 200
                if answers:
                    await asyncio.wait_for(all_taken.wait(), PATIENCE)
                watch.on = False
                await asyncio.sleep(0.1)  # that Twilio has it is written down, and was the last word
                assert awaited == 0, f"{text!r} was answered by {answers - awaited} messages"
                return watch.passed()

            yield send
        await app.sender.stop()
        await asyncio.gather(*(channel.stop() for channel in app.channels.values()))
        app.close()


def listed(passed: set[Function]) -> str:
    """Return what was passed, a line for each file."""
    files = sorted({file for file, _ in passed})
    return "\n".join(f"  {file}: {', '.join(sorted(name for at, name in passed if at == file))}" for file in files)


def measured(passed: set[Function]) -> Counted:
    """Count files and functions."""
    outside = {one for one in passed if not one[0].startswith("flows/")}
    return Counted(len({file for file, _ in outside}), len(outside), len({file for file, _ in passed}), len(passed))


async def test_a_text_message_passes_few_files_and_functions(
    tmp_path: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.turn.seen_messages.READ_IN", timedelta(0))  # they answer as soon as they are asked
    monkeypatch.setattr("bot.channels.sms.sms_channel.GAP_SECONDS", 0.01)
    async with service(tmp_path, watch) as send:
        by_person = [
            [await send(f"+4477009{person:05}", text, answers) for text, answers in WAY] for person in range(PEOPLE)
        ]
    too_much = ""
    for number, (text, _) in enumerate(WAY):
        passed = set.intersection(*(each[number] for each in by_person[1:]))
        found = measured(passed)
        if text in MOST and any(there > may for there, may in zip(found, MOST[text], strict=True)):
            too_much += f"\n{text!r} passes {found}, and may pass {MOST[text]}:\n{listed(passed)}"
    assert not too_much, too_much
