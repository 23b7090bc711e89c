"""Checks of the settings, and of the helplines they select."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.doctor.finding import CheckContext, DoctorFinding, day_in_words
from bot.settings.environment import DEMO_ORGANISATION, Settings, is_loopback, variable
from bot.settings.organisation import CHECK_EVERY, helplines, lines_for

if TYPE_CHECKING:
    from collections.abc import Iterator


DEFAULT_PROXIES = Settings.model_fields["trusted_proxies"].default


def settings(context: CheckContext) -> Iterator[DoctorFinding]:
    """Name settings that cannot be read, and those that a real installation needs."""
    for problem in context.unknown:
        yield DoctorFinding("warn", f"{problem.variable}: {problem.wrong}", problem.advice)
    settings = context.settings
    if settings.organisation == DEMO_ORGANISATION:
        yield DoctorFinding("warn", "Messages speak for a demo team.", f"Set {variable('organisation')} to your name.")
    if not settings.contact:
        yield DoctorFinding("warn", "People who ask for a person get no number.", f"Set {variable('contact')}.")
    yield from _helplines(context)
    if settings.simulator_withheld:
        yield DoctorFinding(
            "warn",
            f"The simulator at /try is off: {settings.host} lets other machines in, and there is no https.",
            f"Let {variable('public_url')} be https, or {variable('host')} 127.0.0.1.",
        )
    if not settings.loopback and not is_loopback(settings.host) and settings.trusted_proxies == DEFAULT_PROXIES:
        yield DoctorFinding(
            "warn",
            "Behind a web server on another machine, all callers seem to have one address.",
            f"If there is one, set {variable('trusted_proxies')} to its address.",
        )
    if settings.simulator_on and not settings.loopback:
        yield DoctorFinding("warn", "Anybody can open the simulator at /try.", f"Set {variable('simulator')}=off.")
    if not context.unknown:
        yield DoctorFinding("good", "The settings can be read.")


def _helplines(context: CheckContext) -> Iterator[DoctorFinding]:
    """Name missing helplines, and every helpline that nobody has rung for a long time (rule 82)."""
    settings = context.settings
    nations = helplines().get(settings.country)
    if nations is None:
        yield DoctorFinding(
            "wrong",
            f"There are no helplines for {settings.country}.",
            "Add them to bot/settings/helplines.toml, or set " + variable("country") + ".",
        )
        return
    if settings.nation and settings.nation not in nations:
        known = ", ".join(filter(None, nations)) or "none"
        yield DoctorFinding(
            "wrong", f"There are no helplines for {settings.nation}.", f"Set {variable('nation')} to one of: {known}."
        )
    old = [
        f"{helpline.line} was last checked on {day_in_words(helpline.checked)}"
        for helpline in lines_for(settings).values()
        if helpline.sent and context.now.date() - helpline.checked > CHECK_EVERY
    ]
    if old:
        yield DoctorFinding(
            "warn",
            f"Helplines: {', '.join(old)}.",
            "Ring them, then write today's date into bot/settings/helplines.toml.",
        )
