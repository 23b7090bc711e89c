"""Decrypts messages and addresses for members of the team.

The team's pages know no channel and hold no key: they receive the two methods of this class (design rule 7).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.channels.channel import Inbound
from bot.telemetry.logs import error_fields, log
from flows.model.signals import Edited, Said, Started
from storage.protection.crypto import SealBrokenError, open_address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.channels.channel import Channel
    from storage.protection.crypto import Keyring


class SealedReader:
    """Opens one message or one address at a time. The caller has recorded it in the audit log first."""

    def __init__(self, keyring: Keyring, channels: Mapping[str, Channel]) -> None:
        self.keyring = keyring
        self.channels = channels

    def event(self, channel: str, sealed: bytes) -> str:
        """Return the words of a message as it came in; empty if it has none or cannot be decrypted."""
        known = self.channels.get(channel)
        if known is None:
            return ""
        try:
            parsed = known.parse(self.keyring.open("inbound.sealed", sealed))
        except SealBrokenError as error:
            log.error("event cannot be opened", channel=channel, **error_fields(error))
            return ""
        signal = parsed.signal if isinstance(parsed, Inbound) else None
        return signal.text if isinstance(signal, Said | Edited | Started) else ""

    def address(self, sealed: bytes) -> str:
        """Return a phone number or a chat id; empty if it cannot be decrypted."""
        try:
            return open_address(self.keyring, sealed)
        except SealBrokenError as error:
            log.error("address cannot be opened", **error_fields(error))
            return ""
