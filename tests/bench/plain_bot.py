"""What one would write without Earshot: python-telegram-bot's ConversationHandler with PicklePersistence.

`python -m tests.bench.plain_bot serve|seed N`, with PORT, STAND_IN and STATE in the environment. `on_flush=True` is its
fastest setting: it keeps everything in memory and writes only at a clean stop.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

import uvicorn
import uvloop
from telegram import Update
from telegram.ext import (
    Application,
    CommandHandler,
    ContextTypes,
    ConversationHandler,
    MessageHandler,
    PicklePersistence,
    filters,
)

from tests.bench.load import SECRET, TOKEN
from tests.bench.questionnaire import TURNS, step, words

SEEDED = 5


def persistence() -> PicklePersistence[Any, Any, Any]:
    """Return the store in STATE."""
    folder = Path(os.environ["STATE"])
    folder.mkdir(parents=True, exist_ok=True)
    return PicklePersistence(folder / "state.pickle", on_flush=True)


async def turn(update: Update, context: ContextTypes.DEFAULT_TYPE) -> int:
    """Handle one message."""
    kept = context.user_data
    assert kept is not None
    assert update.message is not None
    assert update.message.text is not None
    kept["done"], kept["answers"], reply = step(kept.get("done", 0), kept.get("answers", []), update.message.text)
    await update.message.reply_text(reply)
    return kept["done"] if 0 < kept["done"] < TURNS else ConversationHandler.END


def build() -> Application[Any, Any, Any, Any, Any, Any]:
    """Return the bot."""
    app = (
        Application.builder()
        .token(TOKEN)
        .base_url(os.environ["STAND_IN"] + "/bot")
        .persistence(persistence())
        .updater(None)
        .build()
    )
    said = MessageHandler(filters.TEXT & ~filters.COMMAND, turn)
    start = CommandHandler("start", turn)
    app.add_handler(
        ConversationHandler(
            [start],
            {number: [said] for number in range(1, TURNS)},
            [start],
            name="story",
            persistent=True,
            allow_reentry=True,
        )
    )
    return app


async def serve() -> None:
    """Run until told to stop, with a webhook of its own, as the library's documentation shows it."""
    bot = build()

    async def webhook(scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            event = await receive()
            body, more = body + event.get("body", b""), event.get("more_body", False)
        given = dict(scope["headers"]).get(b"x-telegram-bot-api-secret-token")
        if given == SECRET.encode():
            await bot.update_queue.put(Update.de_json(json.loads(body), bot.bot))
        status = 200 if given == SECRET.encode() else 403
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    config = uvicorn.Config(
        webhook, port=int(os.environ["PORT"]), http="httptools", ws="none", lifespan="off", log_level="error",
        access_log=False,
    )  # fmt: skip
    async with bot:
        await bot.start()
        await uvicorn.Server(config).serve()
        await bot.stop()


async def seed(people: int) -> None:
    """Fill the state with half-told conversations."""
    store = persistence()
    for read in (store.get_user_data, store.get_chat_data, store.get_bot_data):
        await read()
    await store.get_conversations("story")
    for person in range(1, people + 1):
        answers = [words(person, number) for number in range(3, SEEDED + 1)]
        await store.update_user_data(person, {"done": SEEDED, "answers": answers})
        await store.update_conversation("story", (person, person), SEEDED)
    await store.flush()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        logging.basicConfig(level=logging.ERROR)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve())
    else:
        asyncio.run(seed(int(sys.argv[2])))
