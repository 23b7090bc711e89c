"""Records of consent after ISO/IEC TS 27560, and receipts, made from decisions and the notices they name (rule 52).

Field names are here and nowhere else; a test holds them against the mandatory ones. The record is for the team, as
JSON; the contributor reads the same in plain words at the end of a conversation. Source of the fields: the W3C Data
Privacy Vocabulary's guide to 27560.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from storage.privacy.proof import DecisionProved

SCHEMA_VERSION = "ISO/IEC TS 27560:2023"
MANDATORY = {
    "record_header": ("schema_version", "record_id", "pii_principal_id"),
    "pii_processing": (
        "privacy_notice", "language", "purpose", "pii_type", "pii_controllers", "storage_locations",
        "retention_period", "jurisdiction", "recipients", "withdrawal_method",
    ),
    "party_identification": ("party_id", "party_name", "party_address", "party_contact", "party_type"),
    "event": ("event_time", "validity_duration", "entity_id", "event_type", "event_state"),
}  # fmt: skip
"""The mandatory fields by the part of the record they stand in."""
NOT_RECORDED = "not recorded"
"""Stands where a decision is older than notices are, or a notice lacks a fact."""
ERASED = "erased"
"""The principal of a decision whose person asked to be forgotten."""
CONTROLLER = "controller"


def record(decided: DecisionProved, at: datetime) -> dict[str, Any]:
    """Return the record of one decision with the state it is in at a moment."""
    notice = decided.notice
    controller = notice.get("controller", {})
    return {
        "record_header": {
            "schema_version": SCHEMA_VERSION,
            "record_id": _record_id(decided),
            "pii_principal_id": decided.principal or ERASED,
        },
        "pii_processing": {
            "privacy_notice": notice.get("privacy_notice", NOT_RECORDED),
            "privacy_notice_digest": decided.notice_digest or NOT_RECORDED,
            "language": decided.language,
            "purpose": notice.get("purposes", {}).get(decided.purpose, decided.purpose),
            "purpose_type": decided.purpose,
            "lawful_basis": notice.get("lawful_basis", NOT_RECORDED),
            "pii_type": notice.get("data_types", [NOT_RECORDED]),
            "special_categories": True,
            "pii_controllers": [controller.get("name", NOT_RECORDED)],
            "collection_method": _collected(decided),
            "storage_locations": [notice.get("storage_location", NOT_RECORDED)],
            "retention_period": notice.get("retention", {"story": NOT_RECORDED}),
            "jurisdiction": notice.get("jurisdiction", NOT_RECORDED),
            "recipients": notice.get("recipients", [NOT_RECORDED]),
            "withdrawal_method": notice.get("withdrawal", NOT_RECORDED),
            "privacy_rights": notice.get("rights", NOT_RECORDED),
            "words_shown": decided.text,
            "words_shown_version": decided.version,
            "words_shown_digest": decided.text_digest,
            "release": decided.release,
        },
        "party_identification": {
            "party_id": CONTROLLER,
            "party_name": controller.get("name", NOT_RECORDED),
            "party_address": controller.get("address", NOT_RECORDED),
            "party_contact": controller.get("contact", NOT_RECORDED),
            "party_url": controller.get("url", NOT_RECORDED),
            "party_type": controller.get("type", NOT_RECORDED),
        },
        "event": {
            "event_time": decided.decided_at.isoformat(),
            "validity_duration": _lasts(decided),
            "entity_id": decided.principal or ERASED,
            "event_type": "refused" if decided.answer == "no" else "given",
            "event_state": state_of(decided, at),
            "decision": decided.answer,
            "literal_reply": decided.literal,
        },
    }


def receipt(decided: DecisionProved, at: datetime) -> dict[str, Any]:
    """Return a receipt: its own id, when it was made, and the record."""
    name = sha256(f"receipt {_record_id(decided)} {at.isoformat()}".encode()).hexdigest()[:32]
    return {"receipt_id": name, "receipt_time": at.isoformat(), "record": record(decided, at)}


def state_of(decided: DecisionProved, at: datetime) -> str:
    """Return what has become of a decision: valid, refused, expired, superseded by a later one, or withdrawn."""
    if decided.withdrawn_at is not None and decided.withdrawn_at <= at:
        return "withdrawn"
    if decided.superseded_at is not None and decided.superseded_at <= at:
        return "superseded"
    if decided.answer == "no":
        return "refused"
    return "expired" if decided.valid_until is not None and decided.valid_until <= at else "valid"


def _record_id(decided: DecisionProved) -> str:
    return f"{decided.conversation_id}-{decided.id}"


def _lasts(decided: DecisionProved) -> str:
    if decided.valid_until is None:
        return "until it is changed"
    return f"P{(decided.valid_until - decided.decided_at).days}D"


def _collected(decided: DecisionProved) -> str:
    if decided.assisted_by:
        aloud = ", read aloud" if decided.read_aloud else ""
        return f"answered in person, written down by {decided.assisted_by} at {decided.assisted_where}{aloud}"
    return f"answered in a conversation by {decided.channel}"
