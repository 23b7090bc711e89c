"""How many webhooks may be in hand at once: as many as are answered in a second, once answers grow slow. Pure.

Whoever is turned away hears so and comes again, or is fetched; whoever is let in is answered in time. A fixed number
would be wrong on every machine but one.
"""

from __future__ import annotations

TARGET_SECONDS = 1.0
"""An answer that took longer shows that too much is in hand."""
LEAST, FIRST, MOST = 16, 256, 4000
SHARE = 0.7
"""Of what was answered in a second, what may be in hand: the answer then takes about that part of a second."""
HOLD_SECONDS = 1.0
"""For so long whoever is turned away waits for the word, so that those who ask again at once leave us time to work."""


class Overload:
    """The webhooks in hand. Moments are seconds of a monotonic clock."""

    def __init__(self, first: int = FIRST) -> None:
        self.limit = float(first)
        """How many may be in hand now."""
        self.in_hand = 0
        self._since = 0.0
        self._answered, self._slow = 0, False
        """How many were answered since then, and whether any of them late."""

    def admits(self) -> bool:
        """Return whether one more may come in."""
        return self.in_hand < self.limit

    def began(self, now: float) -> None:
        """Count one that came in. What was answered before a quiet time says nothing of the rush after it."""
        if not self.in_hand:
            self._start_over(now)
        self.in_hand += 1

    def done(self, seconds: float, now: float) -> None:
        """Count one that was answered after so many seconds.

        One that was slow among few others waited for something else than them: fewer at once would not make it quick.
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
