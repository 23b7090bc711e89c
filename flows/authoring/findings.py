"""Findings: what is wrong with a flow, for the person who wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Finding:
    """One finding. `advice` says what to do, in words that a lay person can follow."""

    file: str
    step: str
    """Step name, with the field after a dot if that helps; empty if the whole file is meant."""
    code: str
    """Name of the check that found it, e.g. `unknown_target`."""
    severity: Literal["error", "warning"]
    what: str
    advice: str

    def __str__(self) -> str:
        """Return the finding as one line."""
        where = f"{self.file}, step {self.step}" if self.step else self.file
        return f"{self.severity}: {where}: {self.what} {self.advice}"


class FlowError(ValueError):
    """A flow file cannot be used. Read `findings`: each names the file, the step, what is wrong and what to do."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        self.findings = findings
        super().__init__("\n".join(str(finding) for finding in findings))
