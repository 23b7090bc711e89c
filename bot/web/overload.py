"""Limits how many webhooks are in progress at once: about as many as are answered in a second once answers get slow.

The others are turned away; the provider sends them again, or we fetch them later. A fixed number would be wrong on
every machine but one.
"""

from __future__ import annotations

TARGET_SECONDS = 1.0
"""An answer that took longer than this shows that too many are in progress."""
LEAST, FIRST, MOST = 16, 256, 4000
SHARE = 0.7
"""The limit as a share of the answers in the last second. An answer then takes about this part of a second."""
HOLD_SECONDS = 1.0
"""Seconds before a rejection is sent, so that providers that retry at once leave us time to work."""


class Overload:
    """Counts the webhooks in progress and adapts their limit. All times are seconds of a monotonic clock."""

    def __init__(self, first: int = FIRST) -> None:
        self.limit = float(first)
        """How many may be in progress now."""
        self.in_hand = 0
        self._since = 0.0
        self._answered, self._slow = 0, False
        """How many were answered since then, and whether any of them was slow."""

    def admits(self) -> bool:
        """Return True if one more may start."""
        return self.in_hand < self.limit

    def began(self, now: float) -> None:
        """Count one that starts. After a quiet time counting starts afresh: it says nothing about the rush after it."""
        if not self.in_hand:
            self._start_over(now)
        self.in_hand += 1

    def done(self, seconds: float, now: float) -> None:
        """Count one that was answered after this many seconds.

        A slow one among few others waited for something else: a lower limit would not make it faster.
        """
        if seconds > TARGET_SECONDS and self.in_hand > LEAST:
            self._slow = True
        elif seconds < TARGET_SECONDS / 2:
            self.limit = min(float(MOST), self.limit + 1)
        self.in_hand -= 1
        self._answered += 1
        passed = now - self._since
        if passed >= TARGET_SECONDS:
            if self._slow:
                self.limit = max(float(LEAST), min(self.limit, SHARE * self._answered / passed))
            self._start_over(now)

    def _start_over(self, now: float) -> None:
        self._since, self._answered, self._slow = now, 0, False
