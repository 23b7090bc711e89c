"""What may be wrong with an installation, and what to do about it. Changes nothing.

Each look is a function named in `CHECKS`; it yields what it found. Nothing here needs the network.
"""

from __future__ import annotations

import re
import shutil
import stat
import sys
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import urlsplit

from bot.doctor import on_call_check
from bot.settings.environment import DEMO_ORGANISATION, Settings, is_loopback, variable
from bot.settings.organisation import CHECK_EVERY, helplines, lines_for, organisation_facts
from storage.db.engine import UnusableDatabaseError, connect, is_current, is_empty, reader
from storage.privacy import vacuum
from storage.privacy.retention import leaving
from storage.protection import key_check
from storage.protection.crypto import Keyring, UnusableKeyError
from storage.queries.conversations import failed_events
from storage.queries.delivery import outbox
from storage.queries.team import requests
from storage.upkeep import restore, schema_check, timekeeping
from storage.upkeep.backup import BEFORE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy.engine import Engine

    from bot.settings.environment import Problem
    from flows.authoring.definition import Flow

Grade = Literal["good", "care", "wrong"]

LEAST_FREE = 500_000_000
"""Bytes of free disk below which things go wrong soon."""
SKEW = timedelta(minutes=5)
SOON = timedelta(days=7)
"""So long before a request is due it is spoken of."""
UNCLEAN = timedelta(days=1)
SECRET_CHARACTERS = 16
"""Telegram takes fewer; with fewer, trying them all becomes thinkable."""
DEFAULT_PROXIES = Settings.model_fields["trusted_proxies"].default
TELEGRAM_PORTS = {443, 80, 88, 8443}


class DoctorFinding(NamedTuple):
    """One thing that was looked at. `care` works and may hurt later; `wrong` does not work."""

    grade: Grade
    what: str
    advice: str = ""


@dataclass(kw_only=True)
class CheckContext:
    """The installation that is looked at."""

    settings: Settings
    unknown: tuple[Problem, ...] = ()
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    engine: Engine | None = None
    keyring: Keyring | None = None


def examine(context: CheckContext) -> Iterator[DoctorFinding]:
    """Take every look, in order; an error in one of them is a finding and stops none of the others."""
    try:
        for look in CHECKS:
            try:
                yield from look(context)
            except Exception as error:
                name = look.__name__.removeprefix("_").replace("_", " ")
                yield DoctorFinding("wrong", f"Looking at the {name} failed: {type(error).__name__}.", "Report this.")
    finally:
        if context.engine is not None:
            context.engine.dispose()


def _settings(context: CheckContext) -> Iterator[DoctorFinding]:
    for problem in context.unknown:
        yield DoctorFinding("care", f"{problem.variable}: {problem.wrong}", problem.advice)
    settings = context.settings
    if settings.organisation == DEMO_ORGANISATION:
        yield DoctorFinding("care", "Messages speak for a demo team.", f"Set {variable('organisation')} to your name.")
    if not settings.contact:
        yield DoctorFinding("care", "People who ask for a person get no number.", f"Set {variable('contact')}.")
    yield from _helplines(context)
    if settings.simulator_withheld:
        yield DoctorFinding(
            "care",
            f"The practice phone at /try is off: {settings.host} lets other machines in, and there is no https.",
            f"Let {variable('public_url')} be https, or {variable('host')} 127.0.0.1.",
        )
    if not settings.loopback and not is_loopback(settings.host) and settings.trusted_proxies == DEFAULT_PROXIES:
        yield DoctorFinding(
            "care",
            "Behind a web server on another machine, everybody who calls looks the same.",
            f"If there is one, set {variable('trusted_proxies')} to its address.",
        )
    if settings.simulator_on and not settings.loopback:
        yield DoctorFinding("care", "Anybody can open the practice phone at /try.", f"Set {variable('simulator')}=off.")
    if not context.unknown:
        yield DoctorFinding("good", "The settings can be read.")


def _helplines(context: CheckContext) -> Iterator[DoctorFinding]:
    """Name what is missing, and every line that nobody has rung for a long time (rule 82)."""
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
        f"{helpline.line} was last checked on {_day(helpline.checked)}"
        for helpline in lines_for(settings).values()
        if helpline.sent and context.now.date() - helpline.checked > CHECK_EVERY
    ]
    if old:
        yield DoctorFinding(
            "care",
            f"Helplines: {', '.join(old)}.",
            "Ring them, then write today's date into bot/settings/helplines.toml.",
        )


def _data_folder(context: CheckContext) -> Iterator[DoctorFinding]:
    folder = context.settings.data_dir
    if (usual := context.settings.usual_folder_passed_by) is not None:
        advice = f"Put {variable('data_dir')} right. For another installation make its folder first."
        yield DoctorFinding("wrong", f"There is no data folder {folder}, and {usual} holds a database.", advice)
        return
    if not folder.exists():
        yield DoctorFinding("care", f"There is no data folder {folder} yet.", "earshot serve makes it.")
        return
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        yield DoctorFinding("care", f"Other people on this machine can look into {folder}.", f"chmod 700 {folder}")
    else:
        yield DoctorFinding("good", f"The data folder {folder} is yours alone.")


def _keys(context: CheckContext) -> Iterator[DoctorFinding]:
    from bot.settings.open_database import KEY_FILE  # noqa: PLC0415 - that module imports everything

    settings = context.settings
    path = settings.data_dir / KEY_FILE
    try:
        if settings.secret_key is not None:
            context.keyring = Keyring.from_setting(settings.secret_key.get_secret_value())
        elif path.exists():
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                yield DoctorFinding("wrong", f"Other people on this machine can read {path}.", f"chmod 600 {path}")
            context.keyring = key_check.from_file(path)
        else:
            return  # whether that is wrong, only the database can say
    except UnusableKeyError as error:
        what, _, advice = str(error).partition("\n")
        yield DoctorFinding(
            "wrong",
            what.rstrip(".") + ".",
            advice or "Put the key back from your copy. Without it, nobody can be answered.",
        )
        return
    yield DoctorFinding("good", "The keys can be used.")


def _database(context: CheckContext) -> Iterator[DoctorFinding]:
    url = context.settings.database_url
    if url.startswith("sqlite") and not Path(url.removeprefix("sqlite:///")).exists():
        if context.keyring is not None and context.settings.secret_key is None:
            yield DoctorFinding(
                "wrong", f"There is a key, and no database at {url.removeprefix('sqlite:///')}.",
                f"Put {variable('database_url')} right, or put a copy back: earshot db restore FILE",
            )  # fmt: skip
            return
        yield DoctorFinding("care", "There is no database yet.", "earshot serve makes it.")
        return
    if url.startswith("sqlite") and is_empty(Path(url.removeprefix("sqlite:///"))):
        yield DoctorFinding(
            "wrong", f"The database {url.removeprefix('sqlite:///')} has no content at all: something has emptied it.",
            "Put a copy back: earshot db restore FILE. If nothing was ever kept in it, delete the file.",
        )  # fmt: skip
        return
    try:
        engine = connect(url)
        current = is_current(engine)
    except UnusableDatabaseError as error:
        yield DoctorFinding("wrong", f"{error}.", f"Put {variable('database_url')} right.")
        return
    except Exception as error:
        yield DoctorFinding(
            "wrong",
            f"The database does not answer ({type(error).__name__}).",
            f"Start it, or put {variable('database_url')} right.",
        )
        return
    context.engine = engine
    if not current:
        yield DoctorFinding("care", "The database is of an older version.", "Run: earshot db upgrade")
        context.engine = None
        engine.dispose()
        return
    different = schema_check.different(engine)
    if wrong := [str(each) for each in different if not each.harmless]:
        yield DoctorFinding(
            "wrong", f"The tables are not those of this version: {'; '.join(wrong[:3])}.",
            "Run the version that made it, or put back a copy from before: earshot db restore FILE",
        )  # fmt: skip
        context.engine = None
        engine.dispose()
        return
    if different:
        yield DoctorFinding(
            "care", f"The tables hold more than this version knows: {'; '.join(map(str, different[:3]))}.",
            "Nothing fails by it, but we do not look after it. Take it out, if it is not yours to keep.",
        )  # fmt: skip
    if engine.dialect.name == "sqlite":
        with reader(engine) as connection:
            sound = connection.exec_driver_sql("PRAGMA quick_check").scalar()
        if sound != "ok":
            yield DoctorFinding(
                "wrong", "The database file is damaged.", "Stop the service and run: earshot db restore FILE"
            )
            return
    yield DoctorFinding("good", "The database answers and is up to date.")


def _sealed(context: CheckContext) -> Iterator[DoctorFinding]:
    """Tell whether the keys are those of the database: after a move, one may have been left behind."""
    from bot.settings.open_database import KEY_FILE  # noqa: PLC0415 - that module imports everything

    path = context.settings.data_dir / KEY_FILE
    if context.keyring is None:
        if context.settings.secret_key is not None or path.exists():
            return  # said above what is wrong with it
        if context.engine is not None and key_check.needs_key(context.engine):
            yield DoctorFinding("wrong", f"The key of the database is not at {path}.", "Put it back from your copy.")
        else:
            yield DoctorFinding("care", "There is no key yet.", "earshot serve makes one. Then keep a copy elsewhere.")
    elif context.engine is not None:
        if key_check.fits(context.engine, context.keyring):
            yield DoctorFinding("good", "The keys fit the database.")
        else:
            yield DoctorFinding(
                "wrong",
                "The keys do not fit the database.",
                "Put the old key back, or behind the new one.",
            )


def _copies(context: CheckContext) -> Iterator[DoctorFinding]:
    """Tell whether a copy was put back at which nobody has looked, and when the last good one was made."""
    if context.engine is None:
        return
    with reader(context.engine) as connection:
        made = restore.last_copy(connection)
        fenced, waits = restore.fenced(connection), restore.waiting(connection)
    if fenced:
        yield DoctorFinding(
            "wrong", f"A copy was put back, and nothing is sent until somebody has looked; {waits} messages wait.",
            "Look at what is there. Then: earshot db release",
        )  # fmt: skip
    if context.engine.dialect.name == "sqlite":
        when = f"The last good copy was made on {_day(made.date())}." if made else "No copy was made yet."
        yield DoctorFinding("good", f"{when} To make one: earshot db backup FILE")


def _waiting(context: CheckContext) -> Iterator[DoctorFinding]:
    if context.engine is None:
        return
    with reader(context.engine) as connection:
        failed = failed_events.count_unhandled(connection)
        counts = outbox.backlog(connection)
        never = outbox.people_not_reached(connection)
    if never:
        yield DoctorFinding(
            "care",
            f"{never} {'person' if never == 1 else 'people'} will never get a message that was meant for them.",
            "The log says why, at “send failed”. If they should hear from you, write to them yourselves.",
        )
    if failed:
        yield DoctorFinding("care", f"{failed} messages could not be handled.", "Look at them: earshot inbox list")
    if counts["unknown"]:
        yield DoctorFinding(
            "care",
            f"Of {counts['unknown']} messages nobody knows whether they arrived.",
            "They are looked up at the provider where that can be done, and never sent twice blindly.",
        )
    if not failed and not counts["unknown"] and not never:
        yield DoctorFinding("good", "Every message was handled.")


def _erasures(context: CheckContext) -> Iterator[DoctorFinding]:
    """Tell whether something deleted still waits to be cleaned out of free pages and logs, and of an old copy."""
    if context.engine is None:
        return
    with reader(context.engine) as connection:
        since = vacuum.unclean(connection)
    if since is not None and context.now - since > UNCLEAN:
        yield DoctorFinding(
            "care",
            f"Words deleted on {_day(since.date())} are still in free pages of the database.",
            "Let earshot serve run; it cleans them out. On PostgreSQL look for a transaction that never ends.",
        )
    elif since is None:
        yield DoctorFinding("good", "What was deleted is gone from the bytes as well.")
    if context.engine.dialect.name == "sqlite":
        file = Path(context.settings.database_url.removeprefix("sqlite:///"))
        for left in sorted(file.parent.glob(f"{file.name}{BEFORE}*")):
            yield DoctorFinding(
                "care", f"{left} still holds what was there before a restore.", "Delete it once you are sure."
            )


def _requests(context: CheckContext) -> Iterator[DoctorFinding]:
    """Tell of data-protection requests and complaints that are due (rules 59 and 66)."""
    if context.engine is None:
        return
    with reader(context.engine) as connection:
        waiting = [one for one in requests.open_requests(connection) if one.waits_for]
        rushed = len(requests.rushed_requests(connection))
    page = f"{context.settings.public_url}/requests"
    for one in waiting:
        what = "must be told that we have it" if one.waits_for == "acknowledge" else "must be answered"
        if one.overdue(context.now):
            yield DoctorFinding(
                "wrong", f"{one.reference} ({one.kind}) {what} by {_day(one.due_at.date())}: overdue.", page
            )
        elif one.due_at - context.now < SOON:
            yield DoctorFinding("care", f"{one.reference} ({one.kind}) {what} by {_day(one.due_at.date())}.", page)
    if rushed:
        yield DoctorFinding("care", f"{rushed} complaints came in a rush. Look through them: some may be real.", page)
    if not waiting and not rushed:
        yield DoctorFinding("good", "No request or complaint waits for an answer.")


def _on_call(context: CheckContext) -> Iterator[DoctorFinding]:
    """Tell whether somebody who may need help would be noticed (rule 79)."""
    if context.engine is not None:
        for grade, what, advice in on_call_check.on_call_check(context.engine, context.settings, context.now):
            yield DoctorFinding(grade, what, advice)


def _leaving(context: CheckContext) -> Iterator[DoctorFinding]:
    """Tell of quiet contacts that are about to be let go."""
    from bot.settings.open_database import periods  # noqa: PLC0415 - that module imports everything

    if context.engine is None:
        return
    with reader(context.engine) as connection:
        groups = leaving(connection, periods(context.settings))
    for group in groups:
        who = "1 quiet contact" if group.people == 1 else f"{group.people} quiet contacts"
        day = _day(group.on.astimezone(context.settings.timezone).date())
        yield DoctorFinding(
            "care",
            f"{who} will be let go on {day}.",
            "Who stays quiet for so long is deleted. A word from them before that day stops it.",
        )


def _telegram(context: CheckContext) -> Iterator[DoctorFinding]:
    settings = context.settings
    if settings.telegram_token is None:
        yield DoctorFinding("good", "Telegram is off.")
        return
    if not re.fullmatch(r"\d{6,}:[A-Za-z0-9_-]{30,}", settings.telegram_token.get_secret_value()):
        yield DoctorFinding("wrong", "The Telegram token looks cut off.", "Copy it whole from @BotFather.")
    else:
        yield DoctorFinding("good", "The Telegram token has the right form.")
    secret = settings.telegram_webhook_secret
    if secret is not None and len(secret.get_secret_value()) < SECRET_CHARACTERS:
        yield DoctorFinding(
            "care", "The webhook secret is short enough to guess.",
            f"Take {variable('telegram_webhook_secret')} out: we make a good one.",
        )  # fmt: skip
    if settings.telegram_by == "webhook":
        yield from _reachable(settings, "Telegram", TELEGRAM_PORTS)


def _text_messages(context: CheckContext) -> Iterator[DoctorFinding]:
    settings = context.settings
    if settings.twilio_account_sid is None or settings.twilio_auth_token is None:
        yield DoctorFinding("good", "Text messages are off.")
        return
    if not re.fullmatch(r"AC[0-9a-f]{32}", settings.twilio_account_sid):
        yield DoctorFinding(
            "wrong", "The Account SID is not AC and 32 letters and digits.", "Copy it whole from Twilio."
        )
    elif not re.fullmatch(r"[0-9a-f]{32}", settings.twilio_auth_token.get_secret_value()):
        yield DoctorFinding("wrong", "The Auth Token is not 32 letters and digits.", "Copy it whole from Twilio.")
    else:
        yield DoctorFinding("good", "The Twilio account has the right form.")
    yield from _reachable(settings, "Twilio", None)


def _reachable(settings: Settings, who: str, ports: set[int] | None) -> Iterator[DoctorFinding]:
    parts = urlsplit(settings.public_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if settings.loopback:
        yield DoctorFinding("wrong", f"{who} cannot reach {settings.public_url}.", f"Set {variable('public_url')}.")
    elif parts.scheme != "https":
        yield DoctorFinding(
            "wrong", f"{who} would call us without encryption.", f"Let {variable('public_url')} be https."
        )
    elif ports is not None and port not in ports:
        yield DoctorFinding("wrong", f"{who} does not call port {port}.", "Use 443, 80, 88 or 8443.")
    else:
        yield DoctorFinding("good", f"{who} can call {settings.public_url}, if that address is yours.")


def _clock(context: CheckContext) -> Iterator[DoctorFinding]:
    """Hold the clock against the last time that the database knows: nothing ends by a clock that leapt."""
    if context.engine is None:
        return
    with reader(context.engine) as connection:
        known = timekeeping.last_known(connection)
        leap = timekeeping.leap_between(connection, context.now)
    if leap is not None:
        yield DoctorFinding(
            "wrong",
            f"The clock of this machine is in doubt: {leap}. Nothing is deleted by its age until somebody says more.",
            "If it is right, say so: earshot clock right. Else set it, e.g. timedatectl set-ntp on",
        )
    elif known is not None and known - context.now > SKEW:
        yield DoctorFinding(
            "wrong", "The clock of this machine is behind.", "Switch network time on, e.g. timedatectl set-ntp on"
        )
    else:
        yield DoctorFinding("good", "The clock is not behind.")


def _disk(context: CheckContext) -> Iterator[DoctorFinding]:
    folder = context.settings.data_dir
    while not folder.exists():
        folder = folder.parent if folder != folder.parent else Path()
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE:
        yield DoctorFinding(
            "wrong", f"Only {free // 1_000_000} MB of disk are free.", "Make room, or move the data folder."
        )
    else:
        yield DoctorFinding("good", f"{free // 1_000_000_000} GB of disk are free.")


def _flows(context: CheckContext) -> Iterator[DoctorFinding]:
    from flows.authoring.findings import FlowError  # noqa: PLC0415
    from flows.authoring.loader import load  # noqa: PLC0415
    from flows.authoring.texts import read_catalogues  # noqa: PLC0415
    from flows.checks import check_flows  # noqa: PLC0415 - only this look needs it

    settings = context.settings
    try:
        flows = load(settings.flow_folders)
    except FlowError as error:
        yield DoctorFinding(
            "wrong", f"{len(error.findings)} things are wrong with the flows.", "Run: earshot flows check"
        )
        return
    if settings.default_flow not in {flow.id for flow in flows}:
        yield DoctorFinding(
            "wrong", f"There is no flow {settings.default_flow}.", f"Put {variable('default_flow')} right."
        )
    findings = check_flows(
        flows, read_catalogues(settings.languages, settings.text_folders), organisation_facts(settings)
    )
    errors = sum(finding.severity == "error" for finding in findings)
    if errors:
        yield DoctorFinding("wrong", f"{errors} things are wrong with the flows.", "Run: earshot flows check")
    else:
        yield from _spoken(flows, settings)


def _spoken(flows: Sequence[Flow], settings: Settings) -> Iterator[DoctorFinding]:
    """Say in which languages each flow is really held: one whose texts are not all checked is not spoken."""
    from flows.authoring.texts import read_translations, texts_for  # noqa: PLC0415

    translations = read_translations(settings.languages, flows, settings.text_folders)
    spoken = {flow.id: tuple(texts_for(flow, translations)) for flow in flows}
    by_flow = "; ".join(f"{flow} in {', '.join(languages)}" for flow, languages in spoken.items())
    yield DoctorFinding("good", f"Flows are held so: {by_flow}.")
    for language in settings.languages:
        lacking = [flow for flow, languages in spoken.items() if language not in languages]
        if lacking:
            yield DoctorFinding(
                "care",
                f"{language} is offered, but these flows do not speak it: {', '.join(lacking)}.",
                f"Have every text of {language}.po checked (earshot flows check names them), "
                f"or take {language} out of {variable('languages')}.",
            )


def _languages(_patient: CheckContext) -> Iterator[DoctorFinding]:
    """Name the languages of which no speaker has read our words yet: some are in use for safety's sake."""
    from flows.language import keywords_elsewhere, spoken_where  # noqa: PLC0415
    from flows.language.distress import distress_tables  # noqa: PLC0415
    from flows.language.keywords import recognise  # noqa: PLC0415 - only this look needs them

    drafts = {
        "keywords": recognise.unchecked(),
        "words of danger": distress_tables.unchecked(),
        "STOP, HELP and DELETE": keywords_elsewhere.unchecked(),
        "the sentence that names a person (not sent before)": spoken_where.unchecked(),
    }
    waiting = [f"{what} in {', '.join(codes)}" for what, codes in drafts.items() if codes]
    if waiting:
        yield DoctorFinding("good", f"Drafts that wait for somebody who speaks the language: {'; '.join(waiting)}.")


def _python(_patient: CheckContext) -> Iterator[DoctorFinding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield DoctorFinding("good", f"Python is {version}.")


def _day(day: date) -> str:
    return day.strftime("%d %B %Y").lstrip("0")


CHECKS: tuple[Callable[[CheckContext], Iterator[DoctorFinding]], ...] = (
    _python,
    _settings,
    _data_folder,
    _keys,
    _database,
    _sealed,
    _copies,
    _waiting,
    _on_call,
    _erasures,
    _requests,
    _leaving,
    _telegram,
    _text_messages,
    _clock,
    _disk,
    _flows,
    _languages,
)
"""Every look, in the order they are taken."""
