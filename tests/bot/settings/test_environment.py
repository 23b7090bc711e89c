"""Settings: everything has a default, explains itself, and a bad value says what to do."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from bot.settings import environment
from bot.settings.environment import BadSettingsError, Settings, read

ROOT = Path(__file__).parents[3]
TOKEN = "123456:AAbbCCddEEff-0123456789_abcdefghijk"
SMS = {"EARSHOT_TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "EARSHOT_TWILIO_AUTH_TOKEN": "quiet-please"}


def test_nothing_has_to_be_set() -> None:
    found = read({})
    assert (found.public_url, found.database_url, found.data_dir) == (
        "http://127.0.0.1:8000",
        "sqlite:///var/earshot.db",
        Path("var"),
    )
    assert (found.telegram_on, found.sms_on, found.simulator_on) == (False, False, True)
    assert (found.country, found.timezone.key, found.languages) == ("GB", "Europe/London", ("en",))
    assert found.quiet_hours == (time(20), time(9))


def test_the_example_file_lists_every_setting_with_its_default() -> None:
    written = (ROOT / ".env.example").read_text()
    assert written == environment.example(), (
        "write .env.example again: python -m bot.settings.environment > .env.example"
    )
    assert len(Settings.model_fields) > 20
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert f"#{environment.variable(name)}=" in written


def test_the_example_file_taken_as_it_stands_changes_nothing(tmp_path: Path) -> None:
    text = (ROOT / ".env.example").read_text().replace("#EARSHOT_", "EARSHOT_")
    (tmp_path / ".env").write_text(text)
    assert read({}, tmp_path) == read({})
    assert environment.unknown({}, tmp_path) == ()


def test_a_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "# ours\nEARSHOT_ORGANISATION='Easton Listens'\nexport EARSHOT_PORT=9000\nEARSHOT_COUNTRY=IE\nOTHER=1\n\nodd\n"
    )
    found = read({"EARSHOT_COUNTRY": "GB"}, tmp_path)
    assert (found.organisation, found.port, found.country) == ("Easton Listens", 9000, "GB")


def test_another_port_is_in_the_address_unless_told() -> None:
    assert read({"EARSHOT_PORT": "9000"}).public_url == "http://127.0.0.1:9000"
    both = {"EARSHOT_PORT": "9000", "EARSHOT_PUBLIC_URL": "https://listen.example.org"}
    assert read(both).public_url == "https://listen.example.org"


def test_the_database_lives_in_the_data_folder_unless_told() -> None:
    assert read({"EARSHOT_DATA_DIR": "/srv/earshot"}).database_url == "sqlite:////srv/earshot/earshot.db"
    both = {"EARSHOT_DATA_DIR": "/srv/earshot", "EARSHOT_DATABASE_URL": "postgresql+psycopg://h/n"}
    assert read(both).database_url == "postgresql+psycopg://h/n"


@pytest.mark.parametrize(
    ("url", "mode", "by", "simulator"),
    [
        ("http://127.0.0.1:8000", "", "polling", True),
        ("http://localhost:9000/", "", "polling", True),
        ("https://listen.example.org", "", "webhook", False),
        ("https://listen.example.org", "polling", "polling", False),
        ("http://127.0.0.1:8000", "webhook", "webhook", True),
    ],
)
def test_what_follows_from_the_public_address(url: str, mode: str, by: str, simulator: bool) -> None:
    found = read({"EARSHOT_PUBLIC_URL": url, "EARSHOT_TELEGRAM_MODE": mode, "EARSHOT_TELEGRAM_TOKEN": TOKEN})
    assert (found.telegram_by, found.simulator_on) == (by, simulator)
    assert not found.public_url.endswith("/")


BAD = {
    "a port in words": ("EARSHOT_PORT", "eighty", "digits"),
    "a port too high": ("EARSHOT_PORT", "70000", "65535 or less"),
    "no senders": ("EARSHOT_SENDERS", "0", "1 or more"),
    "nothing kept": ("EARSHOT_KEEP_RAW_DAYS", "0", "1 or more"),
    "kept for less than nothing": ("EARSHOT_KEEP_UNFINISHED_DAYS", "-3", "1 or more"),
    "kept for ever": ("EARSHOT_KEEP_CONTACT_DAYS", "100000", "3650 or less"),
    "days in words": ("EARSHOT_KEEP_CONTACT_DAYS", "a year", "digits"),
    "a rate of nothing": ("EARSHOT_TWILIO_RATE", "0", "0.5"),
    "a rate in words": ("EARSHOT_TELEGRAM_RATE", "fast", "0.5"),
    "a switch that is neither": ("EARSHOT_SIMULATOR", "maybe", "on or off"),
    "a time zone of elsewhere": ("EARSHOT_TIMEZONE", "Mars/North", "Europe/London"),
    "a time zone that is a path": ("EARSHOT_TIMEZONE", "../../etc/passwd", "Europe/London"),
    "a country in words": ("EARSHOT_COUNTRY", "Scotland", "two capital letters"),
    "languages in words": ("EARSHOT_LANGUAGES", "English", "en,cy,pl"),
    "hours in words": ("EARSHOT_QUIET_HOURS", "at night", "20:00-09:00"),
    "an address without http": ("EARSHOT_PUBLIC_URL", "listen.example.org", "https://listen.example.org"),
    "an address with a question mark": ("EARSHOT_PUBLIC_URL", "https://a.example/?x=1", "without ?"),
    "an organisation that is a paragraph": ("EARSHOT_ORGANISATION", "o" * 41, "40"),
    "a token cut off": ("EARSHOT_TELEGRAM_TOKEN", "hush-hush", "@BotFather"),
    "a secret with a blank": ("EARSHOT_TELEGRAM_WEBHOOK_SECRET", "hush hush", "1 to 256"),
    "a mode of its own": ("EARSHOT_TELEGRAM_MODE", "pigeon", "'webhook' or 'polling'"),
    "an account that is none": ("EARSHOT_TWILIO_ACCOUNT_SID", "hush-hush", "starts with AC"),
    "a sender nobody can answer": ("EARSHOT_TWILIO_FROM", "EASTON", "a name cannot be replied to"),
    "a service that is none": ("EARSHOT_TWILIO_MESSAGING_SERVICE", "hush-hush", "starts with MG"),
    "a log level of its own": ("EARSHOT_LOG_LEVEL", "loud", "'warning'"),
}


@pytest.mark.parametrize(("name", "value", "advice"), BAD.values(), ids=BAD.keys())
def test_a_bad_value_names_the_variable_and_says_what_to_do(name: str, value: str, advice: str) -> None:
    with pytest.raises(BadSettingsError) as caught:
        read({name: value})
    (problem, *_) = caught.value.problems
    assert problem.variable == name
    assert advice in problem.advice + problem.wrong
    assert "hush-hush" not in str(caught.value)


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(BadSettingsError) as caught:
        read({"EARSHOT_PORT": "x", "EARSHOT_COUNTRY": "y", "EARSHOT_LOG_LEVEL": "z"})
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"EARSHOT_TWILIO_ACCOUNT_SID": "AC1"}, "EARSHOT_TWILIO_AUTH_TOKEN"),
        ({"EARSHOT_TWILIO_AUTH_TOKEN": "quiet-please"}, "EARSHOT_TWILIO_ACCOUNT_SID"),
        (SMS, "EARSHOT_TWILIO_FROM"),
    ],
)
def test_half_of_a_text_message_account_is_no_account(given: dict[str, str], named: str) -> None:
    with pytest.raises(BadSettingsError) as caught:
        read(given)
    assert caught.value.problems[0].variable == named


def test_secrets_are_never_shown() -> None:
    given = SMS | {
        "EARSHOT_TWILIO_FROM": "+447700900123",
        "EARSHOT_TELEGRAM_TOKEN": TOKEN,
        "EARSHOT_SECRET_KEY": "a-long-secret-key",
        "EARSHOT_TELEGRAM_WEBHOOK_SECRET": "a-long-webhook-secret",
        "EARSHOT_DATABASE_URL": "postgresql+psycopg://me:open-sesame@h/n",
    }
    shown = repr(read(given)) + str(read(given))
    for secret in (TOKEN, "a-long-secret-key", "a-long-webhook-secret", "quiet-please", "open-sesame"):
        assert secret not in shown


def test_a_slip_in_a_name_is_pointed_out() -> None:
    (problem,) = environment.unknown({"EARSHOT_TELEGRAM_TOKN": "1", "PATH": "/bin"})
    assert problem.variable == "EARSHOT_TELEGRAM_TOKN"
    assert "EARSHOT_TELEGRAM_TOKEN" in problem.advice


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("", ("127.0.0.1", "::1")),
        ("10.0.0.5", ("10.0.0.5",)),
        ("10.0.0.5, 172.16.0.0/12,fd00::/8", ("10.0.0.5", "172.16.0.0/12", "fd00::/8")),
        ("192.168.7.9/24", ("192.168.7.0/24",)),
    ],
)
def test_the_web_servers_in_front_are_named_by_address(written: str, found: tuple[str, ...]) -> None:
    assert read({"EARSHOT_TRUSTED_PROXIES": written}).trusted_proxies == found


@pytest.mark.parametrize("written", ["*", "0.0.0.0/0", "::/0", "caddy", "10.0.0.0/99"])
def test_nobody_can_trust_everybody(written: str) -> None:
    with pytest.raises(BadSettingsError, match="EARSHOT_TRUSTED_PROXIES"):
        read({"EARSHOT_TRUSTED_PROXIES": written})


@pytest.mark.parametrize("asked_for", [{}, {"EARSHOT_SIMULATOR": "on"}])
@pytest.mark.parametrize(
    ("host", "public", "on"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000", True),
        ("localhost", "http://localhost:8000", True),
        ("::1", "http://127.0.0.1:8000", True),
        ("0.0.0.0", "http://127.0.0.1:8000", False),
        ("::", "http://127.0.0.1:8000", False),
        ("192.168.1.5", "http://127.0.0.1:8000", False),
    ],
)
def test_without_https_the_practice_phone_is_open_to_this_machine_only(
    asked_for: dict[str, str], host: str, public: str, on: bool
) -> None:
    given = {"EARSHOT_HOST": host, "EARSHOT_PUBLIC_URL": public} | asked_for
    assert read(given).simulator_on is on
    assert read(given).simulator_withheld is not on


def test_with_https_the_practice_phone_may_be_opened_to_everybody() -> None:
    given = {"EARSHOT_HOST": "0.0.0.0", "EARSHOT_PUBLIC_URL": "https://listen.example.org"}
    assert read(given).simulator_on is False
    assert read(given | {"EARSHOT_SIMULATOR": "on"}).simulator_on is True


def test_a_byte_order_mark_hides_no_setting(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("EARSHOT_ORGANISATION=Easton Listens\r\n", encoding="utf-8-sig")
    assert environment.read({}, tmp_path).organisation == "Easton Listens"
    assert environment.unknown({}, tmp_path) == ()
