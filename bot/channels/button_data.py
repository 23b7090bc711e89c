"""What a button carries through a chat and back."""

from __future__ import annotations

import re

from flows.model.signals import Chose

_PRESS = re.compile(r"([A-Za-z0-9_-]{1,32})\.([0-9]{1,9})\.([0-9]{1,3})\Z")


def button_data(token: str, serial: int, index: int) -> str:
    """Return what a button carries: opaque, far below Telegram's 64 bytes (rule 38)."""
    return f"{token}.{serial}.{index}"


def read_press(data: str) -> Chose | None:
    """Return the press that `button_data` stands for; None for anything else."""
    found = _PRESS.match(data)
    return None if found is None else Chose(token=found[1], serial=int(found[2]), index=int(found[3]))
