"""What a person agreed to, in a sentence for each decision: the receipt that they read at the end (rule 52). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flows.conversation import Conversation
    from flows.release import Release


def agreed(release: Release, conversation: Conversation) -> str:
    """Return the sentences in the person's language; empty if nothing was decided yet."""
    keys = _keys(conversation.consents)
    return " ".join(release.text(f"everywhere/{key}.text", conversation) for key in keys)


def _keys(consents: Mapping[str, str]) -> Iterator[str]:
    use = consents.get("use")
    if use == "publish":
        yield f"agreed_publish_{consents.get('naming', 'none')}"
    elif use is not None:
        yield f"agreed_{use}"
    for purpose in ("contact", "invite"):
        if purpose in consents:
            yield f"agreed_{purpose}" if consents[purpose] == "yes" else f"agreed_no_{purpose}"
