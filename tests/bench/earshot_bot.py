"""Earshot under the bench: the real service on SQLite at synchronous=FULL, logging and checks on, a flow of its own.

`python -m tests.bench.earshot_bot serve|seed N|dump`, with PORT, STAND_IN and STATE in the environment.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.bench.load import SECRET, TOKEN
from tests.bench.questionnaire import flow

SEEDED = 5


def environment() -> dict[str, str]:
    """Return Earshot's settings for the bench; only the two rates differ from a real installation."""
    folder = Path(os.environ["STATE"])
    flows = folder / "flows"
    flows.mkdir(parents=True, exist_ok=True)
    (flows / "share.toml").write_text(flow(), encoding="utf-8")
    return {
        "EARSHOT_DATA_DIR": str(folder),
        "EARSHOT_DATABASE_URL": f"sqlite:///{folder / 'earshot.db'}",
        "EARSHOT_PORT": os.environ.get("PORT", "8801"),
        "EARSHOT_TELEGRAM_TOKEN": TOKEN,
        "EARSHOT_TELEGRAM_MODE": "webhook",
        "EARSHOT_TELEGRAM_WEBHOOK_SECRET": SECRET,
        "EARSHOT_TELEGRAM_API_URL": os.environ.get("STAND_IN", "http://127.0.0.1:8800") + "/bot",
        "EARSHOT_TELEGRAM_RATE": "100000",
    }


def serve() -> None:
    """Become `earshot serve`."""
    os.environ.update(environment())
    os.execv(sys.executable, [sys.executable, "-m", "bot", "serve"])
