"""The list of all checks, and the loop that runs them. Changes nothing and needs no network.

Each check is a function in `CHECKS` that yields its findings.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bot.doctor import channel_checks, data_checks, flow_checks, on_call_check, settings_checks, work_checks
from bot.doctor.finding import CheckContext, DoctorFinding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def examine(context: CheckContext) -> Iterator[DoctorFinding]:
    """Run every check in order and yield the findings. An error in a check becomes a finding and stops no other."""
    try:
        for check in CHECKS:
            try:
                yield from check(context)
            except Exception as error:
                name = check.__name__.removeprefix("_").replace("_", " ")
                yield DoctorFinding("wrong", f"The check of {name} failed: {type(error).__name__}.", "Report this.")
    finally:
        if context.engine is not None:
            context.engine.dispose()


def python(_context: CheckContext) -> Iterator[DoctorFinding]:
    """Check the version of Python."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield DoctorFinding("good", f"Python is {version}.")


CHECKS: tuple[Callable[[CheckContext], Iterator[DoctorFinding]], ...] = (
    python,
    settings_checks.settings,
    data_checks.data_folder,
    data_checks.keys,
    data_checks.database,
    data_checks.sealed,
    data_checks.copies,
    work_checks.waiting,
    on_call_check.on_call_contacts,
    work_checks.erasures,
    work_checks.requests_due,
    work_checks.contacts_leaving,
    channel_checks.telegram,
    channel_checks.text_messages,
    data_checks.clock,
    data_checks.disk,
    flow_checks.flows,
    flow_checks.languages,
)
"""Every check, in the order in which it runs."""
