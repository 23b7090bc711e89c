"""Writes the index of a gazetteer beside it: whenever one is built, and by `make books` once the rules have changed."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from storage.places.gazetteer import SHIPPED, index_made
from storage.places.gazetteer_index import digest, index_of

if TYPE_CHECKING:
    from pathlib import Path


def keep_index(file: Path) -> None:
    """Write the index of a gazetteer."""
    packed = file.read_bytes()
    index_of(file).write_bytes(digest(packed) + index_made(gzip.decompress(packed)))


if __name__ == "__main__":
    keep_index(SHIPPED)
