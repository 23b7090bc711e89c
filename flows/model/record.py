"""The frozen base of everything that is read from a file: a typing slip in a file is an error, never ignored."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen part of a flow file; an unknown key is an error, so that a typing slip is found."""

    model_config = ConfigDict(frozen=True, extra="forbid")
