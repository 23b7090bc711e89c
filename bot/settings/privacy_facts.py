"""The privacy facts: who asks and what for, behind every consent question (rules 48, 51).

They are made once from the settings and stored under their digest; each decision names that digest. The words of the
consent questions belong to the flow and are stored apart.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from flows.model.vocabulary.consent_answers import Purpose

if TYPE_CHECKING:
    from bot.settings.environment import Settings

JURISDICTIONS = {"GB": "United Kingdom", "IE": "Ireland, European Union"}
PURPOSES = {
    Purpose.TAKE_PART: "to keep what a person tells, so that our team can learn from it and services can get better",
    Purpose.USE: "to share what was told as far as its teller says: with the team, as a quote without a name, or "
    "published",
    Purpose.EDITION: "to share what was told in the version that its teller was shown, and in no other",
    Purpose.NAMING: "to name the teller of a published story as they say: nobody, only the place, or a name they gave",
    Purpose.CONTACT: "to write to the person about what they told: to check something, or to say what changed",
    Purpose.INVITE: "to invite the person once more, at most once in 14 days, about something new",
}
"""What each decision is for, by purpose."""
DATA_TYPES = (
    "the story in the person's own words",
    "in it, perhaps, special categories of data: health, faith, ethnicity, politics, sex life",
    "what it is about and who they were in it",
    "the name of a place",
    "what they agreed to",
    "a phone number or chat id, encrypted and kept apart",
)
WITHDRAWAL = "send DELETE in the same chat, or use the receipt's three words from another phone, or ask a person"


class PrivacyFacts(NamedTuple):
    """One version of these facts."""

    digest: str
    """SHA-256 of `body`, hexadecimal."""
    body: str
    """JSON with sorted keys."""


def privacy_facts(settings: Settings) -> PrivacyFacts:
    """Return the facts as they are now. What an installation has not said is given as not stated."""
    missing = "not stated"
    facts: dict[str, Any] = {
        "controller": {
            "name": settings.organisation,
            "address": settings.address or missing,
            "contact": settings.contact or missing,
            "url": settings.public_url,
            "type": "data controller",
        },
        "privacy_notice": settings.privacy_url,
        "purposes": PURPOSES,
        "lawful_basis": "consent (UK GDPR Art. 6(1)(a)); explicit consent for special categories (Art. 9(2)(a))",
        "data_types": list(DATA_TYPES),
        "recipients": _recipients(settings),
        "retention": {
            "story": "until consent ends: 2 years at most unless it is renewed",
            "messages as they came in": _days(settings.keep_raw_days),
            "what was begun and not finished": _days(settings.keep_unfinished_days),
            "how to reach the person": f"{_days(settings.keep_contact_days)} after they last wrote",
            "the consent trail": "stays, after erasure without the person and their words",
        },
        "jurisdiction": JURISDICTIONS.get(settings.country, settings.country),
        "storage_location": settings.stored_in or missing,
        "withdrawal": f"{WITHDRAWAL}: {settings.contact or settings.privacy_url}",
        "rights": "access, correction, erasure, restriction, objection, complaint",
        "adult_age": settings.adult_age,
    }
    body = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return PrivacyFacts(sha256(body.encode()).hexdigest(), body)


def _recipients(settings: Settings) -> list[str]:
    """Return who gets the data: ourselves, and the providers that carry messages for us."""
    found = [f"the team of {settings.organisation}"]
    if settings.telegram_on:
        found.append("Telegram, which carries chat messages")
    if settings.sms_on:
        found.append("Twilio and phone companies, which carry text messages")
    return [*found, "others only as far as the person says for each story"]


def _days(days: int) -> str:
    return f"{days} day" if days == 1 else f"{days} days"
