"""`earshot serve`: runs the service."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from bot.cli.console import FAILED, console, settings_for_start

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from types import FrameType

    from rich.console import Console

    from bot.app import App
    from bot.settings.environment import Settings
    from storage.db.database_trouble import Cause

STOP_SECONDS = 8.0
"""Seconds from the signal to stop until the process ends, whatever hangs; Docker kills after ten. Work that was not
finished is found at the next start, as after a kill."""

commands = typer.Typer()


@commands.command()
def serve() -> None:
    """Start everything: the web server, the channels that are set up, and the sending of messages."""
    from bot.app import build  # noqa: PLC0415
    from bot.telemetry import logs  # noqa: PLC0415
    from bot.web import connections  # noqa: PLC0415 - keep start-up light

    settings = settings_for_start()
    descriptors = connections.raise_descriptors()
    listening = _listen(settings, connections.backlog(descriptors))
    logs.configure(settings.log_level)
    sys.excepthook = logs.crashed
    app = build(settings)
    app.writer.health.on_change(_say_trouble)
    _greet(console(), app)
    _run(app, listening, descriptors)


def _say_trouble(cause: Cause | None) -> None:
    out = console(error=True)
    if cause is None:
        out.print("[green]✓[/green] The database works again.")
        return
    from storage.db.database_trouble import SAYINGS  # noqa: PLC0415 - keep start-up light

    saying = SAYINGS[cause]
    out.print("[red]×[/red]", end=" ")
    out.print(saying.what, markup=False)
    out.print(f"  {saying.advice}", markup=False)


def _listen(settings: Settings, backlog: int) -> socket.socket:
    """Open the port before anything else, so that a second start changes nothing. Exits if the port is taken."""
    try:
        return socket.create_server(
            (settings.host, settings.port),
            family=socket.AF_INET6 if ":" in settings.host else socket.AF_INET,
            backlog=backlog,
        )
    except OSError as error:
        out, why = console(error=True), os.strerror(error.errno or 0)
        out.print(f"[red]×[/red] We cannot listen on {settings.host}, port {settings.port}: {why}.")
        out.print("  If Earshot runs already, stop it first. Else set EARSHOT_PORT to another number.")
        raise typer.Exit(FAILED) from None


def _run(app: App, listening: socket.socket, descriptors: int) -> None:
    import asyncio  # noqa: PLC0415 - keep start-up light

    import uvicorn  # noqa: PLC0415

    from bot.web import connections  # noqa: PLC0415

    class Server(uvicorn.Server):
        """The uvicorn server: starts the app once the port is open, and stops it after the last request is answered."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            await app.start()
            if app.warming is not None:
                # Modules and places stay in memory until we stop; garbage collection spent a tenth of our time on them.
                app.warming.add_done_callback(lambda _: gc.freeze())

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            await super().shutdown(sockets)
            await app.stop()

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            if not self.should_exit:
                end_in_time()
            super().handle_exit(sig, frame)

        @contextmanager
        def capture_signals(self) -> Generator[None, None, None]:
            loop = asyncio.get_running_loop()
            for asked in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(asked, self.handle_exit, asked, None)
            yield

    config = connections.config(app.asgi, trusted=app.settings.trusted_proxies, descriptors=descriptors)
    Server(config).run(sockets=[listening])


def end_in_time() -> None:
    """Make sure that the process ends within `STOP_SECONDS`, even if a database or a thread never answers."""
    last_word = threading.Timer(STOP_SECONDS, _end_now)
    last_word.daemon = True
    last_word.start()


def _end_now() -> None:
    from bot.telemetry.logs import log  # noqa: PLC0415 - keep start-up light

    log.error("stopped without finishing")
    os._exit(FAILED)


def _greet(out: Console, app: App) -> None:
    from storage.db.engine import reader  # noqa: PLC0415
    from storage.upkeep import restore, schema_check  # noqa: PLC0415 - keep start-up light

    settings = app.settings
    out.print(f"[bold]Earshot[/bold] listens for {settings.organisation}.", highlight=False)
    out.print()
    for on, name, advice in _ways_in(settings):
        mark = "[green]on [/green]" if on else "[dim]off[/dim]"
        out.print(f"  {mark}  {name}", end="" if advice else "\n")
        if advice:
            out.print(f"  [dim]{advice}[/dim]")
    out.print()
    out.print(f"  Open {settings.public_url} for the team's room.")
    if settings.simulator_on:
        out.print(f"  Open {settings.public_url}/try to tell a practice story.")
    if app.releases.faults:
        out.print()
        out.print(f"  [yellow]{app.releases.faults} things are wrong with the flows.[/yellow] See: earshot flows check")
    if (leap := app.time.leap) is not None:
        out.print()
        out.print(f"  [yellow]The clock is in doubt:[/yellow] {leap}.")
        out.print("  Nothing is deleted by its age until somebody says which day it is. See: earshot clock show")
    if more := schema_check.different(app.engine):
        out.print()
        out.print("  [yellow]The database has tables or columns that this version does not know:[/yellow]")
        for each in more:
            out.print(f"  {each}.", markup=False)
        out.print("  They do no harm, but Earshot ignores them.")
    with reader(app.engine) as connection:
        fenced = restore.fenced(connection)
    if fenced:
        out.print()
        out.print("  [yellow]Nothing is sent:[/yellow] a copy of the database was put back, and nobody has looked yet.")
        out.print("  Look (earshot doctor, and the team's pages), then: earshot db release")
    _invite(out, app)
    out.print()


def _ways_in(settings: Settings) -> Iterator[tuple[bool, str, str]]:
    if settings.telegram_on:
        how = "Telegram calls us" if settings.telegram_by == "webhook" else "we ask Telegram"
        yield True, "Telegram", f"({how})"
    else:
        yield False, "Telegram", "To switch it on, set EARSHOT_TELEGRAM_TOKEN."
    if settings.sms_on:
        yield True, "Text messages", f"(point Twilio at {settings.public_url}/webhooks/sms)"
    else:
        yield (
            False,
            "Text messages",
            "To switch them on, set EARSHOT_TWILIO_ACCOUNT_SID, EARSHOT_TWILIO_AUTH_TOKEN and EARSHOT_TWILIO_FROM.",
        )
    if settings.simulator_on:
        yield True, "The simulator", ""
    else:
        advice = (
            "Without https it stays off where other machines come in: see earshot doctor."
            if settings.simulator_withheld
            else "To switch it on, set EARSHOT_SIMULATOR=on."
        )
        yield False, "The simulator", advice


def _invite(out: Console, app: App) -> None:
    from review.kit.accounts import make_first_link  # noqa: PLC0415 - keep start-up light

    token = make_first_link(app.writer, now=app.clock())
    if token is None:
        return
    out.print()
    out.print(
        "  [bold]Nobody can sign in yet.[/bold] This link makes the first team lead. It works once, for 48 hours:"
    )
    out.print(f"  {app.settings.public_url}/join/{token}", markup=False)


__all__: list[Any] = ["commands"]
