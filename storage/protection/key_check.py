"""Whether the keys at hand are those of the database. Looked at before anything is written.

With another key nothing fails: everybody is a stranger, and whoever said STOP is written to again. So a start with the
wrong key, or with a new one beside an old database, is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, inspect, literal, select, update

from storage import tables
from storage.db.engine import reader
from storage.protection.crypto import FORMAT, KEY_PRINT, PREFIX_BYTES, PROTECTED, Keyring, UnusableKeyError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy.engine import Connection, Engine

ADDRESS = tables.Address.__table__
INSTALLATION = tables.Installation.__table__
CONTENT = "earshot"


def keys_for(engine: Engine, path: Path, given: str | None) -> Keyring:
    """Return the keys of this database: those of the setting, else those of the file; a new database gets a new file.

    Raises UnusableKeyError, with nothing changed, for keys that are missing, empty, damaged or another database's.
    """
    if given is not None:
        keyring = Keyring.from_setting(given)
    elif not path.exists() and needs_key(engine):
        raise UnusableKeyError(missing(path))
    else:
        keyring = from_file(path)
    if not fits(engine, keyring):
        raise UnusableKeyError(foreign("EARSHOT_SECRET_KEY" if given is not None else str(path)))
    return keyring


def from_file(path: Path) -> Keyring:
    """Return the keys of a file, made now if there is none; one that is empty or damaged is named, with what to do."""
    try:
        return Keyring.load_or_create(path)
    except UnusableKeyError:
        what = "is empty" if not path.read_bytes().strip() else "is damaged"
        raise UnusableKeyError(
            f"The key file {path} {what}. Nothing was changed.\n"
            "Put it back from your copy. Only where nobody has written yet may it be deleted: a new one is made then."
        ) from None


def missing(path: Path) -> str:
    """Say that a database has no key any more, and what to do."""
    return (
        f"There is a database, but its key is not at {path}. Nothing was changed.\n"
        "With a new key everybody would be a stranger, and whoever said STOP would be written to again.\n"
        "Put the key file back from your copy, or set EARSHOT_SECRET_KEY to what stood in it. If the key is lost for"
        " good, begin with a new EARSHOT_DATA_DIR: nobody in the old database can be reached any more."
    )


def foreign(where: str) -> str:
    """Say that a key is not this database's, and what to do."""
    return (
        f"The key in {where} does not fit the database: it is the key of another one, or was made anew. Nothing was"
        " changed.\n"
        "Put the old key back. To change keys, write the new one first and the old one behind it, with a comma between."
    )


def needs_key(engine: Engine) -> bool:
    """Tell whether anything in the database can be used with its own key only."""
    with reader(engine) as connection:
        there = _columns(connection)
        return any(
            there(one.table, one.column) and _any(connection, one.table, one.column) for one in (*PROTECTED, KEY_PRINT)
        )


def fits(engine: Engine, keyring: Keyring) -> bool:
    """Tell whether these keys made the print that the database keeps, and open every address in it.

    A database of an older version has no print yet; one with a column missing is somebody else's business.
    """
    with reader(engine) as connection:
        there = _columns(connection)
        if there(KEY_PRINT.table, KEY_PRINT.column):
            known = connection.execute(select(INSTALLATION.c.key_print)).scalar()
            if known is not None and bytes(known) not in keyring.lookups(KEY_PRINT.domain, CONTENT):
                return False
        if not there("address", "sealed"):
            return True
        prefix = func.substr(ADDRESS.c.sealed, 1, PREFIX_BYTES)
        begin = connection.execute(select(prefix).where(func.length(ADDRESS.c.sealed) > 0).distinct()).scalars()
        return all(keyring.knows(bytes(each)) for each in begin if bytes(each[:1]) == bytes([FORMAT]))


def remember(connection: Connection, keyring: Keyring) -> None:
    """Keep the print of the first key."""
    print_ = keyring.lookup(KEY_PRINT.domain, CONTENT)
    kept = INSTALLATION.c.key_print
    connection.execute(update(INSTALLATION).where(kept.is_distinct_from(print_)).values(key_print=print_))


def _columns(connection: Connection) -> Callable[[str, str], bool]:
    look = inspect(connection)
    names = set(look.get_table_names())

    def there(table: str, column: str) -> bool:
        return table in names and column in {each["name"] for each in look.get_columns(table)}

    return there


def _any(connection: Connection, table: str, column: str) -> bool:
    held = tables.metadata.tables[table].c[column]
    return connection.execute(select(literal(1)).where(held.is_not(None)).limit(1)).first() is not None
