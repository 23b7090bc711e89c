"""What these tests share: `pytest tests/bot/simulation --update-transcripts` writes transcripts anew."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-transcripts",
        action="store_true",
        help="write what the flows say now into tests/transcripts, for a person to read and commit",
    )
