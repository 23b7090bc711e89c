"""The only reader of the environment.

Every setting is a variable that starts with `EARSHOT_`, has a default that works, and explains itself; `.env.example`
is made from this file and a test keeps the two equal. A `.env` file in the working directory is read too; what the
environment says wins over it.
"""

from __future__ import annotations

import difflib
import ipaddress
from datetime import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError, model_validator

from bot.settings import env_file
from bot.settings import setting_values as parse
from bot.settings.setting_values import QuietHours
from flows.model.staffed_hours import NINE_TO_FIVE, StaffedHours, Week

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PREFIX = "EARSHOT_"
DEMO_ORGANISATION = "Earshot demo team"


class Problem(NamedTuple):
    """One thing that is wrong with the settings, worded for whoever set them. Contains no secret."""

    variable: str
    wrong: str
    advice: str

    def __str__(self) -> str:
        return f"{self.variable}: {self.wrong} {self.advice}"


class BadSettingsError(ValueError):
    """Some settings cannot be used, and nothing was started. `problems` says which, what is wrong, and what to do."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


Url = Annotated[str, BeforeValidator(parse.url)]
Rate = Annotated[float, BeforeValidator(parse.rate)]
Switch = Annotated[bool, BeforeValidator(parse.switch)]


class Settings(BaseModel):
    """How this installation of Earshot is set up. Read once at start."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, arbitrary_types_allowed=True)

    public_url: Url = Field(
        "http://127.0.0.1:8000",
        description="The address people and providers reach us by. Text message signatures are checked against it."
        " Unset, it is this machine and the port below.",
    )
    host: str = Field("127.0.0.1", description="The network address the web server listens on. 0.0.0.0 is all of them.")
    port: Annotated[int, BeforeValidator(parse.whole)] = Field(
        8000, ge=1, le=65535, description="The port the web server listens on."
    )
    trusted_proxies: Annotated[tuple[str, ...], BeforeValidator(parse.networks)] = Field(
        ("127.0.0.1", "::1"),
        description="The network addresses of the web servers in front of Earshot, with commas between them; a whole"
        " network like 172.16.0.0/12 works. Only they are believed about who calls.",
    )
    metrics_token: Annotated[SecretStr | None, BeforeValidator(parse.bearer)] = Field(
        None,
        description="What Prometheus shows to read /metrics from another machine, as a bearer token. Unset, the"
        " figures are shown on this machine only.",
    )
    data_dir: Path = Field(Path("var"), description="The folder for the database, the key file and media.")
    database_url: str = Field(
        "sqlite:///var/earshot.db",
        description="Where the database is. SQLite needs nothing else; for PostgreSQL write"
        " postgresql+psycopg://user:password@host/name. Unset, it is earshot.db in the data folder.",
        repr=False,
    )
    secret_key: SecretStr | None = Field(
        None,
        description="Encrypts phone numbers and sealed words. Unset, a key is made in the data folder on the first"
        " start; keep a copy of it. Several keys with commas between them: the first encrypts, the others still read.",
    )
    organisation: str = Field(
        DEMO_ORGANISATION, min_length=1, max_length=40, description="Who is asking. Every first message names it."
    )
    contact: str = Field(
        "",
        max_length=100,
        description="How to reach a person of your team, as contributors read it: a name with a number or an e-mail.",
    )
    country: Annotated[str, BeforeValidator(parse.country)] = Field(
        "GB", description="The country you work in, in two letters. It chooses helplines and places."
    )
    nation: Annotated[str, BeforeValidator(parse.nation)] = Field(
        "",
        description="The nation you work in, for the helplines that differ: england, wales, scotland or"
        " northern_ireland. Unset, only lines of the whole country are named.",
    )
    address: str = Field(
        "", max_length=160, description="Your organisation's postal address. It stands in every record of consent."
    )
    stored_in: str = Field(
        "",
        max_length=80,
        description="Where the computer stands that keeps the stories, such as London, United Kingdom.",
    )
    adult_age: Annotated[int, BeforeValidator(parse.whole)] = Field(
        18, ge=13, le=21, description="From what age people may be asked. Who is younger is thanked; nothing is kept."
    )
    timezone: Annotated[ZoneInfo, BeforeValidator(parse.zone)] = Field(
        ZoneInfo("Europe/London"), description="The time zone of your team and, unless we know better, of contributors."
    )
    languages: Annotated[tuple[str, ...], BeforeValidator(parse.languages)] = Field(
        ("en",), description="The languages you offer, as codes with commas between them. The first is spoken first."
    )
    default_flow: str = Field("share", description="The conversation that starts when somebody first writes.")
    quiet_hours: Annotated[QuietHours, BeforeValidator(parse.hours)] = Field(
        QuietHours(time(20), time(9)),
        description="Local time in which we write to nobody unasked. An answer to a message always goes at once.",
    )
    staffed: Annotated[Week, BeforeValidator(parse.staffed)] = Field(
        NINE_TO_FIVE,
        description="Days and local hours in which somebody of your team is there. It says by when a person is to look"
        " at a message from somebody who may need help. Public holidays are not known.",
    )
    safeguarding_minutes: Annotated[int, BeforeValidator(parse.whole)] = Field(
        60, ge=5, le=1440, description="Within how many minutes of staffed time a person is to look at such a message."
    )
    simulator: Annotated[bool | None, BeforeValidator(parse.switch)] = Field(
        None,
        description="The simulator at /try: on or off. Unset, it is on while the public address is this machine."
        " Without https it is off wherever other machines can reach it.",
    )
    telegram_token: Annotated[SecretStr | None, BeforeValidator(parse.telegram_token)] = Field(
        None, description="The token @BotFather gave you. Without it Telegram is off."
    )
    telegram_mode: Literal["webhook", "polling"] | None = Field(
        None,
        description="webhook: Telegram calls us. polling: we ask Telegram. Unset, webhook if the public address is"
        " https, else polling.",
    )
    telegram_webhook_secret: Annotated[SecretStr | None, BeforeValidator(parse.webhook_secret)] = Field(
        None, description="Proves that a call comes from Telegram. Unset, one is made from the secret key."
    )
    telegram_api_url: str = Field(
        "https://api.telegram.org/bot", description="The Bot API to use, up to the token. A local Bot API server works."
    )
    telegram_rate: Rate = Field(30.0, description="Telegram messages a second, over all people.")
    twilio_account_sid: Annotated[str | None, BeforeValidator(parse.account)] = Field(
        None, description="The Account SID of your Twilio account. Without it text messages are off."
    )
    twilio_auth_token: SecretStr | None = Field(None, description="The Auth Token that belongs to the Account SID.")
    twilio_from: Annotated[str | None, BeforeValidator(parse.sender)] = Field(
        None, description="The number we text from, like +447700900123. Or set a Messaging Service instead."
    )
    twilio_messaging_service: Annotated[str | None, BeforeValidator(parse.service)] = Field(
        None, description="The SID of a Messaging Service, which starts with MG."
    )
    twilio_api_url: Url = Field(
        "https://api.twilio.com", description="The Twilio API to use. A region or a proxy works."
    )
    twilio_rate: Rate = Field(1.0, description="Text messages a second. A contract may allow more.")
    advanced_opt_out: Switch = Field(
        False,
        description="on, if your Messaging Service answers STOP, START and HELP itself in all your languages"
        " (Advanced Opt-Out). We then leave those answers to it.",
    )
    senders: Annotated[int, BeforeValidator(parse.whole)] = Field(
        128, ge=1, le=1000, description="How many messages may be on their way to providers at the same time."
    )
    keep_raw_days: Annotated[int, BeforeValidator(parse.whole)] = Field(
        30, ge=1, le=3650, description="After how many days messages as they came in, and what we sent, are deleted."
    )
    keep_unfinished_days: Annotated[int, BeforeValidator(parse.whole)] = Field(
        30, ge=1, le=3650, description="After how many days without a word a story that was begun and not kept is gone."
    )
    keep_contact_days: Annotated[int, BeforeValidator(parse.whole)] = Field(
        365,
        ge=1,
        le=3650,
        description="After how many days without a word a contributor's number is deleted. Stories stay.",
    )
    steady_days: Annotated[int, BeforeValidator(parse.whole)] = Field(
        90,
        ge=1,
        le=3650,
        description="After how many days without a word from a number it opens nothing of what was told from it,"
        " because numbers get new owners. From then on that takes the receipt's three words, or a person of your team.",
    )
    keep_warning_days: Annotated[int, BeforeValidator(parse.whole)] = Field(
        14, ge=0, le=365, description="How many days before that your team is told. 0: not at all."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="How much to log: debug, info, warning or error. No level logs what people write."
    )

    @model_validator(mode="after")
    def _belongs_together(self) -> Settings:
        if (self.twilio_account_sid is None) != (self.twilio_auth_token is None):
            missing = "twilio_auth_token" if self.twilio_auth_token is None else "twilio_account_sid"
            raise ValueError(f"{missing}\0it is missing, and its other half is set.\0Set both, or neither.")
        if self.sms_on and not (self.twilio_from or self.twilio_messaging_service):
            raise ValueError(
                "twilio_from\0text messages are on, but we do not know which number to send from.\0"
                f"Set it, or set {PREFIX}TWILIO_MESSAGING_SERVICE."
            )
        return self

    @property
    def staffed_hours(self) -> StaffedHours:
        """The hours in which the team works, and how soon it looks at what comes in."""
        return StaffedHours(self.staffed, self.timezone, self.safeguarding_minutes)

    @property
    def loopback(self) -> bool:
        """True if the public address is this machine only."""
        return is_loopback(urlsplit(self.public_url).hostname or "")

    def is_our_host(self, host: str) -> bool:
        """Return True if pages may be requested under this host name: the public address's, or this machine's own."""
        return host == (urlsplit(self.public_url).hostname or "") or is_loopback(host)

    @property
    def telegram_on(self) -> bool:
        """True if Telegram can be used."""
        return self.telegram_token is not None

    @property
    def sms_on(self) -> bool:
        """True if text messages can be used."""
        return self.twilio_account_sid is not None

    @property
    def secure(self) -> bool:
        """True if people reach us by https."""
        return self.public_url.startswith("https:")

    @property
    def simulator_on(self) -> bool:
        """True if the simulator's web page is on."""
        wanted = self.loopback if self.simulator is None else self.simulator
        return wanted and not self.simulator_withheld

    @property
    def simulator_withheld(self) -> bool:
        """True if the simulator is off because a whole network could use it without https."""
        wanted = self.loopback if self.simulator is None else self.simulator
        return wanted and not self.secure and not is_loopback(self.host)

    @property
    def telegram_by(self) -> Literal["webhook", "polling"]:
        """How Telegram's messages reach us."""
        return self.telegram_mode or ("webhook" if self.secure else "polling")

    @property
    def unused_default_folder(self) -> Path | None:
        """The default data folder, if it holds a database and a folder that does not exist was named: surely a slip."""
        usual = Path(type(self).model_fields["data_dir"].default)
        named = "data_dir" in self.model_fields_set and not self.data_dir.exists()
        return usual if named and (usual / "earshot.db").exists() else None

    @property
    def flow_folders(self) -> tuple[Path, ...]:
        """The folders of flows: Earshot's, then the organisation's own, which win."""
        from flows.authoring.loader import CONTENT  # noqa: PLC0415 - most commands need no flow

        return (CONTENT, self.data_dir / "flows")

    @property
    def text_folders(self) -> tuple[Path, ...]:
        """The folders of translations: Earshot's, then the organisation's own, which win."""
        from flows.authoring.texts import TEXTS  # noqa: PLC0415 - most commands need no text

        return (TEXTS, self.data_dir / "texts")

    @property
    def privacy_url(self) -> str:
        """The address of the privacy notice."""
        return f"{self.public_url}/privacy"


def is_loopback(host: str) -> bool:
    """Return True if a name or address means this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def variable(field: str) -> str:
    """Return the name of the environment variable of a setting."""
    return PREFIX + field.upper()


def read(environment: Mapping[str, str], folder: Path | None = None) -> Settings:
    """Return the settings. `folder` may hold a `.env` file. Raises BadSettingsError with every problem found."""
    values: dict[str, str] = {}
    if folder is not None and (folder / ".env").is_file():
        values.update(env_file.read(folder / ".env"))
    values.update({name: value for name, value in environment.items() if name.startswith(PREFIX)})
    given = {
        field: value.strip()
        for field in Settings.model_fields
        if (value := values.get(variable(field))) is not None and value.strip()
    }
    if "port" in given:
        given.setdefault("public_url", f"http://127.0.0.1:{given['port']}")
    if "data_dir" in given:
        given.setdefault("database_url", f"sqlite:///{Path(given['data_dir']) / 'earshot.db'}")
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        raise BadSettingsError(_problem(dict(item)) for item in error.errors()) from None


def unknown(environment: Mapping[str, str], folder: Path | None = None) -> tuple[Problem, ...]:
    """Return variables that look like ours but are unknown, each with the name that was probably meant."""
    names = {name for name in environment if name.startswith(PREFIX)}
    if folder is not None and (folder / ".env").is_file():
        names |= {name for name in env_file.read(folder / ".env") if name.startswith(PREFIX)}
    ours = [variable(field) for field in Settings.model_fields]
    found = []
    for name in sorted(names - set(ours)):
        near = difflib.get_close_matches(name, ours, n=1)
        advice = f"Did you mean {near[0]}?" if near else "See .env.example for all settings."
        found.append(Problem(name, "there is no such setting; it has no effect.", advice))
    return tuple(found)


def example() -> str:
    """Return the text of `.env.example`: every setting with its meaning and its default, all commented out."""
    return env_file.example((variable(name), field) for name, field in Settings.model_fields.items())


def _problem(item: dict[str, Any]) -> Problem:
    message = str(item["msg"]).removeprefix("Value error, ")
    field = str(item["loc"][0]) if item["loc"] else ""
    parts = message.split("\0")
    if len(parts) == 3:
        field, *parts = parts
    if len(parts) == 2:
        return Problem(variable(field), *parts)
    bounds: dict[str, Any] = item.get("ctx", {})
    if item["type"] == "literal_error":
        return Problem(variable(field), "this is not one of the choices.", f"Write {bounds['expected']}.")
    if "ge" in bounds or "le" in bounds:
        low_or_high = f"{bounds['ge']} or more" if "ge" in bounds else f"{bounds['le']} or less"
        return Problem(variable(field), "this number does not fit.", f"Write {low_or_high}.")
    if "max_length" in bounds:
        return Problem(variable(field), "this is too long.", f"Use at most {bounds['max_length']} characters.")
    return Problem(variable(field), "this does not fit.", message + ".")


if __name__ == "__main__":
    import sys

    sys.stdout.write(example())
