"""Logs hold no numbers, chat ids, tokens or words of people, at any level (rule 44)."""

from __future__ import annotations

import io
import logging
import threading
import warnings
from typing import TYPE_CHECKING

import pytest
import structlog

from bot.telemetry import logs

if TYPE_CHECKING:
    from collections.abc import Iterator

WORDS = "The bus stop on my road was taken away"
NUMBER = "+447700900123"
CHAT = "5550001234"
TOKEN = "123456789:AAbbCCddEEff-0123456789_abcdefghijk"
SECRETS = (WORDS, NUMBER, CHAT, TOKEN, "bus stop")


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = (root.handlers, root.level, logging.raiseExceptions, threading.excepthook)
    stream = io.StringIO()
    logs.configure("debug", stream)
    yield stream
    root.handlers, root.level, logging.raiseExceptions, threading.excepthook = before
    logging.captureWarnings(False)
    structlog.reset_defaults()


def test_our_own_lines_keep_ids_counts_and_outcomes(out: io.StringIO) -> None:
    logs.log.info("turn done", inbound=3, channel="sms", ms=1.5, result="handled")
    line = out.getvalue()
    assert 'event="turn done"' in line
    assert "inbound=3 channel=sms ms=1.5 result=handled" in line
    assert "level=info" in line


@pytest.mark.parametrize("secret", SECRETS)
def test_a_slip_of_ours_still_shows_nothing(out: io.StringIO, secret: str) -> None:
    logs.log.debug("turn done", text=secret, words=secret, number=secret)
    logs.log.info("turn done", result=secret if secret in (NUMBER, CHAT, TOKEN) else 1)
    logs.log.info("turn done", result={"text": secret})
    assert out.getvalue().count("turn done") == 3
    assert secret not in out.getvalue()


@pytest.mark.parametrize(
    "library", ["httpx", "telegram.ext.Application", "telegram.Bot", "twilio.http_client", "sqlalchemy.engine", "other"]
)
def test_libraries_never_say_what(out: io.StringIO, library: str) -> None:
    logger = logging.getLogger(library)
    logger.debug("sent %s", WORDS)
    logger.info("POST https://api.telegram.org/bot%s/sendMessage", TOKEN)
    assert out.getvalue() == ""
    logger.warning("could not send %s to %s", WORDS, NUMBER)
    logger.critical(
        "Something went wrong processing the data received from Telegram. Received data was *not* %s", WORDS
    )
    assert out.getvalue().count(f"library={library}") == 2
    assert not [secret for secret in SECRETS if secret in out.getvalue()]


def test_whoever_sends_what_is_no_request_fills_no_log(out: io.StringIO) -> None:
    server = logging.getLogger("uvicorn.error")
    server.warning("Invalid HTTP request received.")
    assert out.getvalue() == ""
    server.error("Exception in ASGI application")
    assert "library=uvicorn.error" in out.getvalue()


def test_an_error_is_its_class_and_its_way_never_its_message(out: io.StringIO) -> None:
    try:
        try:
            int(WORDS)
        except ValueError as cause:
            raise RuntimeError(f"cannot read {TOKEN}") from cause
    except RuntimeError as error:
        logging.getLogger("telegram").exception("failed on %s", CHAT)
        logs.log.error("turn failed", inbound=7, **logs.error_fields(error))
    assert out.getvalue().count('error="RuntimeError from ValueError"') == 2
    assert "tests/bot/telemetry/test_logs.py:" in out.getvalue()
    assert not [secret for secret in SECRETS if secret in out.getvalue()]


def test_an_error_that_ends_a_thread_or_the_process_is_told_the_same_way(
    out: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    thread = threading.Thread(target=lambda: int(WORDS))
    thread.start()
    thread.join()
    try:
        int(WORDS)
    except ValueError as error:
        logs.crashed(type(error), error, error.__traceback__)
    assert out.getvalue().count("error=ValueError") == 2
    assert WORDS not in out.getvalue() + "".join(capfd.readouterr())


def test_warnings_and_badly_made_log_lines_say_nothing_either(
    out: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    warnings.showwarning(UserWarning(WORDS), UserWarning, __file__, 1)
    logging.getLogger("other").warning("%d", WORDS)
    assert out.getvalue().count("event=library") == 2
    assert WORDS not in out.getvalue() + "".join(capfd.readouterr())
