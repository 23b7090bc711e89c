"""What Twilio's error codes mean for us, as one table (rule 16).

Codes come in two ways: in the answer to a request, and in a status callback for a message that was taken and failed
later. A code that is not listed is permanent and shown to the team: never sent again without somebody looking.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from bot.channels.channel import FailureKind, SendError
from flows.model.vocabulary.delivery import AddressState

QUEUE_FULL_PAUSE = 300.0
BUSY_PAUSE = 1.0
SUSPENDED_PAUSE = 300.0
"""Seconds between looks whether an account that may not send was put right."""


class Meaning(NamedTuple):
    """What one code comes to."""

    kind: FailureKind
    address_state: AddressState | Literal[""] = ""
    tell_team: bool = False
    retry_after: float | None = None
    dead: bool = False
    """The number may have been given up; who answers from it later may be somebody else."""


UNUSABLE = Meaning("permanent", AddressState.UNUSABLE)
OURS = Meaning("configuration", tell_team=True)
SOFT = Meaning("permanent")
OUT_OF_REACH = Meaning("permanent", dead=True)

MEANINGS = {
    "20003": Meaning("paused", tell_team=True, retry_after=SUSPENDED_PAUSE),  # wrong account or auth token
    "20429": Meaning("paused", retry_after=BUSY_PAUSE),  # too many requests at once; this one was not processed
    "21211": UNUSABLE,  # not a phone number
    "21408": OURS,  # the account may not send to that country
    "21606": OURS,  # the sender is not ours or cannot text
    "21609": OURS,  # the address for status callbacks is not public
    "21610": Meaning("opted_out"),  # the person texted STOP to this sender
    "21611": Meaning("paused", retry_after=QUEUE_FULL_PAUSE),  # ten hours of messages wait for this sender
    "21612": OURS,  # this sender cannot reach that number
    "21614": UNUSABLE,  # not a mobile number
    "21617": Meaning("permanent", tell_team=True),  # over 1,600 characters: `pieces` went wrong
    "21635": UNUSABLE,  # a landline
    "30001": Meaning("paused", retry_after=QUEUE_FULL_PAUSE),  # as 21611, with a Messaging Service
    "30002": Meaning("paused", tell_team=True, retry_after=SUSPENDED_PAUSE),  # account suspended or out of funds
    "30003": OUT_OF_REACH,  # phone off, out of reach, or the number is nobody's
    "30004": SOFT,  # blocked on the way
    "30005": UNUSABLE,  # no such phone
    "30006": UNUSABLE,  # a landline, or the carrier cannot be reached
    "30007": Meaning("permanent", tell_team=True),  # taken for spam by the carrier
    "30008": SOFT,  # unknown; often a network at fault
    "30034": OURS,  # an unregistered sender in the United States
    "30450": Meaning("permanent", tell_team=True),  # taken for pumping fraud
}


def meaning(code: str) -> Meaning:
    """Return what a code means; an unknown one is permanent and told to the team."""
    return MEANINGS.get(code, Meaning("permanent", tell_team=True))


def failure(status: int, code: str, retry_after: float | None = None) -> SendError:
    """Return what the answer to a request means: HTTP status, Twilio's code, seconds it asked us to wait."""
    if status == 429:
        known = MEANINGS["20429"]
    elif status in {401, 403} and code not in MEANINGS:
        known = MEANINGS["20003"]
    elif status == 503:
        known = Meaning("retry")
    elif status >= 500:
        known = Meaning("unknown")  # it may have been taken before something behind it broke
    else:
        known = meaning(code)
    return SendError(
        known.kind,
        code or str(status),
        retry_after=retry_after if retry_after is not None else known.retry_after,
        address_state=known.address_state,
        tell_team=known.tell_team,
        dead=known.dead,
    )
