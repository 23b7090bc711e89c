"""Status callbacks of providers, each once (rule 17). One may arrive before we know the id it speaks of."""

from datetime import datetime

from sqlmodel import Field

from storage.db.column_types import Moment
from storage.tables.base import Row


class DeliveryEvent(Row, table=True):
    """One status of one sent message."""

    __tablename__ = "delivery_event"

    channel: str = Field(primary_key=True)
    provider_id: str = Field(primary_key=True)
    status: str = Field(primary_key=True)
    error: str | None = None
    at: datetime = Field(sa_type=Moment, index=True)
