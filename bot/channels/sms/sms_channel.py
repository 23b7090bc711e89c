"""The text message channel: Twilio's webhooks in, its REST API out (rule 8).

Calls go through `sms_client`, forms are read in `sms_forms`, error codes in `sms_errors`.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode, urlsplit

from bot.channels.channel import Acknowledgement, Inbound, Limits, Piece, Rejected, SendError, SentPiece
from bot.channels.sms import twilio_errors
from bot.channels.sms.twilio_api import READ_SECONDS, client, failure
from bot.channels.sms.twilio_webhooks import NAME, checked, read_form, read_message, read_status
from bot.telemetry.logs import log
from flows.language.segments import count
from flows.model.messages import sms_text, split
from flows.model.vocabulary.delivery import MessageKind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from bot.channels.channel import Outgoing, Parsed, Received, StatusReport
    from bot.settings.environment import Settings
    from storage.protection.crypto import Keyring

INBOUND_PATH = "/webhooks/sms"
STATUS_PATH = "/webhooks/sms/status"
FALLBACK_PATH = "/webhooks/sms/fallback"
EMPTY_RESPONSE = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
"""Tells Twilio that no answer goes back this way; it comes by REST (rules 7 and 8)."""

LONGEST_BODY = 1600
"""Characters of one message (rule 19)."""
GAP_SECONDS = 3.0
"""Between two messages to one phone, because their order on the way is not certain."""
VALID_SECONDS = {
    MessageKind.REPLY: 36_000,
    MessageKind.NOTICE: 36_000,
    MessageKind.NUDGE: 14_400,
    MessageKind.PROMPT: 14_400,
}
"""How long Twilio may hold a message (rule 21); one that nobody waits for must not arrive at night."""
LOOK_BACK = timedelta(seconds=60)
"""Clocks differ: a message may seem older than our attempt to send it."""
ASK_SECONDS = 10.0
"""Until Twilio's list shows what it took."""
PAGE = 100
MOST_PAGES = 200
MOST_TO_ONE = 3
TWILIO_HOST = "api.twilio.com"

_SENDER = re.compile(r"\+[1-9][0-9]{6,14}\Z|[0-9]{3,8}\Z")


class SmsChannel:
    """One Twilio sender: a number, a short code, or a Messaging Service."""

    name = NAME
    paths: tuple[str, ...] = (INBOUND_PATH, STATUS_PATH, FALLBACK_PATH)
    aside = frozenset({FALLBACK_PATH})
    thanks = Acknowledgement(EMPTY_RESPONSE.encode(), "text/xml; charset=utf-8")

    @classmethod
    def from_settings(cls, settings: Settings, keyring: Keyring) -> Self | None:
        """Return the sender of the account that is set, or None without one."""
        if settings.twilio_account_sid is None or settings.twilio_auth_token is None:
            return None
        return cls(
            account_sid=settings.twilio_account_sid,
            auth_token=settings.twilio_auth_token.get_secret_value(),
            public_url=settings.public_url,
            sender=settings.twilio_from or "",
            messaging_service=settings.twilio_messaging_service or "",
            api_url=settings.twilio_api_url,
            per_second=settings.twilio_rate,
        )

    def __init__(  # noqa: PLR0913 - named one by one where everything is put together
        self,
        *,
        account_sid: str,
        auth_token: str,
        public_url: str,
        sender: str = "",
        messaging_service: str = "",
        api_url: str = "https://api.twilio.com",
        per_second: float = 1.0,
        shared_key: str = "",
        read_seconds: float = READ_SECONDS,
    ) -> None:
        """Raise ValueError for a sender that nobody can reply to: a name (rule 22)."""
        if sender and not _SENDER.match(sender):
            raise ValueError("people must be able to reply to the sender: give a phone number or a short code")
        if not (sender or messaging_service):
            raise ValueError("there is no sender: give a phone number or a Messaging Service")
        self.limits = Limits(per_second=per_second, per_person=GAP_SECONDS, until_delivered=True, ask_after=ASK_SECONDS)
        self._public_url = public_url.rstrip("/")
        self._auth_token, self._shared_key, self._account_sid = auth_token, shared_key, account_sid
        self._ours = frozenset({sender} - {""})
        self._client = client(account_sid, auth_token, api_url, read_seconds)
        self._from: dict[str, str] = (
            {"messaging_service_sid": messaging_service} if messaging_service else {"from_": sender}
        )
        local = urlsplit(public_url).hostname in {"127.0.0.1", "localhost", "::1"}
        if not (local and urlsplit(api_url).hostname == TWILIO_HOST):  # Twilio refuses what it cannot reach (21609)
            self._from["status_callback"] = self._public_url + STATUS_PATH

    @property
    def reach(self) -> str:
        """The number to text; empty with a Messaging Service, which may have several."""
        return next(iter(self._ours), "")

    def secrets(self) -> tuple[str, ...]:
        """Return the auth token, the shared key and the account's id."""
        return tuple(filter(None, (self._auth_token, self._shared_key, self._account_sid)))

    def offer(self, menus: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        """Do nothing: there is no menu."""

    async def start(self) -> None:
        """Do nothing: Twilio is told our address in its own console, and the first call opens the pool."""

    async def stop(self) -> None:
        """Close the pool."""
        await self._client.http_client.close()

    # --- in -----------------------------------------------------------------------------------------------------

    def receive(self, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Received:
        """Check the signature against our public address, never the Host header, and read the form (rules 1 to 5)."""
        url = f"{self._public_url}{path}?{query}" if query else self._public_url + path
        form = checked(url, headers, body, self._auth_token, self._shared_key)
        if isinstance(form, Rejected):
            return form
        return read_status(form) if path == STATUS_PATH else read_message(form, self._ours)

    def parse(self, raw: bytes) -> Parsed:
        """Read a message that was checked before."""
        form = read_form(raw)
        return Rejected(400, "unreadable") if form is None else read_message(form, self._ours)

    async def missed(self, since: datetime) -> Sequence[Inbound]:
        """Return the messages Twilio took for us since then, oldest first (rule 17's reconciliation)."""
        found: list[Inbound] = []
        filters: dict[str, Any] = {"to": next(iter(self._ours))} if self._ours else {}
        async for message in self._messages(since, date_sent_after=since - LOOK_BACK, **filters):
            if message.direction != "inbound":
                continue
            event = self.parse(_as_form(message))
            if isinstance(event, Inbound):
                found.append(replace(event, written_by=_sent_by(message)))
        return found[::-1]

    def acknowledge(self, inbound: Inbound) -> None:
        """Do nothing: a text message has no buttons."""

    def answer_group(self, inbound: Inbound, text: str) -> None:
        """Do nothing: there are no groups."""

    # --- out ----------------------------------------------------------------------------------------------------

    def pieces(self, outgoing: Outgoing) -> tuple[Piece, ...]:
        """Write the options as numbered lines; cut at 1,600 characters between paragraphs."""
        return tuple(
            Piece(address=outgoing.address, text=part, kind=outgoing.kind)
            for part in split(sms_text(outgoing.say), LONGEST_BODY)
        )

    async def send(self, piece: Piece) -> SentPiece:
        """Send one text message."""
        try:
            message = await self._client.messages.create_async(
                to=piece.address,
                body=piece.text,
                validity_period=VALID_SECONDS.get(piece.kind, VALID_SECONDS[MessageKind.PROMPT]),
                **self._from,
            )
        except Exception as error:  # the library lets through whatever its JSON reader and its transport raise
            raise failure(error) from None
        if not message.sid:
            raise SendError("unknown", "no sid")
        return SentPiece(str(message.sid), count(piece.text).parts)

    async def outcome(self, piece: Piece, since: datetime) -> Sequence[SentPiece]:
        """Return the messages to this phone since then that say exactly this."""
        earliest = since - LOOK_BACK
        return [
            SentPiece(str(message.sid), count(piece.text).parts)
            async for message in self._messages(earliest, pages=MOST_TO_ONE, to=piece.address)
            if message.body == piece.text and str(message.direction).startswith("outbound")
        ]

    def meaning(self, report: StatusReport) -> SendError | None:
        """Return what it means that a message which was taken did not arrive after all (rule 16)."""
        if report.status not in {"failed", "undelivered"} or not report.error:
            return None
        return twilio_errors.failure(400, report.error)

    async def _messages(self, earliest: datetime, *, pages: int = MOST_PAGES, **filters: Any) -> AsyncIterator[Any]:
        """Walk through Twilio's list, newest first, down to what was made before `earliest`."""
        listed = self._client.messages
        seen: set[str] = set()
        try:
            page = await listed.page_async(page_size=PAGE, **filters)
            for _ in range(pages):
                before = len(seen)
                for message in page:
                    made = message.date_created
                    if str(message.sid) in seen or (made is not None and _before(made, earliest)):
                        continue
                    seen.add(str(message.sid))
                    yield message
                following = page.next_page_url
                if following is None or len(seen) == before:
                    return
                page = await listed.get_page_async(following)
        except (asyncio.CancelledError, GeneratorExit):
            raise
        except Exception as error:  # as in `send`
            raise failure(error) from None
        log.warning("list of messages cut short", channel=self.name, count=len(seen))


def _before(made: Any, earliest: datetime) -> bool:
    try:
        return bool(made < earliest)
    except TypeError:  # no date, or one without a zone
        return False


def _sent_by(message: Any) -> datetime | None:
    at = message.date_created  # whole seconds
    return at + timedelta(seconds=1) if isinstance(at, datetime) and at.tzinfo is not None else None


def _as_form(message: Any) -> bytes:
    fields = {
        "MessageSid": message.sid or "",
        "From": message.from_ or "",
        "To": message.to or "",
        "Body": message.body or "",
        "NumMedia": message.num_media or "0",
    }
    return urlencode(fields, errors="replace").encode()


CHANNEL = SmsChannel
