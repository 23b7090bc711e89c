"""Column types of our own, such as times in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect
    from sqlalchemy.types import TypeEngine

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class NaiveMomentError(ValueError):
    """A time without a time zone was about to be stored. Nothing was stored; give the time in UTC."""


def to_microseconds(moment: datetime) -> int:
    """Return microseconds since 1970 in UTC; raises NaiveMomentError for a time without a zone."""
    if moment.tzinfo is None:
        raise NaiveMomentError("a time without a zone cannot be stored; give it in UTC")
    gap = moment - EPOCH
    return (gap.days * 86_400 + gap.seconds) * 1_000_000 + gap.microseconds


def from_microseconds(microseconds: int) -> datetime:
    """Return the aware UTC time that `to_microseconds` was given."""
    return EPOCH + timedelta(microseconds=microseconds)


class Moment(TypeDecorator[datetime]):
    """An aware time in UTC.

    SQLite stores whole microseconds since 1970, which sort and compare as numbers; PostgreSQL stores `timestamptz`.
    """

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the column type for this database."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Return the value as this database stores it. Raises NaiveMomentError for a time without a zone."""
        if value is None:
            return None
        microseconds = to_microseconds(value)
        return value if dialect.name == "postgresql" else microseconds

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return the time in UTC, whatever the zone of the database session."""
        if value is None:
            return None
        return value.astimezone(UTC) if dialect.name == "postgresql" else from_microseconds(value)
