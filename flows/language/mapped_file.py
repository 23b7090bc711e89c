"""Files that are mapped rather than read: only what is looked at comes into memory, and the kernel may take it back."""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO


def mapped(file: BinaryIO) -> mmap.mmap:
    """Return the content of an open file, which may be closed then."""
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def let_go(held: object) -> None:
    """Let go of the pages of a mapped file that were looked at while it was opened; what is needed again comes back."""
    if isinstance(held, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        held.madvise(mmap.MADV_DONTNEED)
