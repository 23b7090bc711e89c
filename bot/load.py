"""How many webhooks may be in hand at once: fewer when answers grow slow, more when they are quick. Pure.

Whoever is turned away hears so at once and comes again, or is fetched; whoever is let in is answered in time. A fixed
number would be wrong on every machine but one.
"""

from __future__ import annotations

TARGET_SECONDS = 1.0
"""An answer that took longer shows that too much is in hand."""
LEAST, MOST = 64, 4000
SHRINK, GROW = 0.8, 0.25


class Load:
    """The webhooks in hand. Moments are seconds of a monotonic clock."""

    def __init__(self, most: int = MOST) -> None:
        self._most = float(most)
        self.limit = self._most
        """How many may be in hand now."""
        self.in_hand = 0
        self._shrunk_at = float("-inf")

    def admits(self) -> bool:
        """Return whether one more may come in."""
        return self.in_hand < self.limit

    def began(self) -> None:
        """Count one that came in."""
        self.in_hand += 1

    def done(self, seconds: float, now: float) -> None:
        """Count one that was answered after so many seconds."""
        if seconds > TARGET_SECONDS:
            if now - self._shrunk_at >= TARGET_SECONDS:  # those that are in hand now are slow for the same reason
                self._shrunk_at = now
                self.limit = max(float(LEAST), min(self.limit, float(self.in_hand)) * SHRINK)
        elif seconds < TARGET_SECONDS / 2:
            self.limit = min(self._most, self.limit + GROW)
        self.in_hand -= 1
