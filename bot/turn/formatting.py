"""How places, months and channels are told: to the engine, to a story's row, to a person."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from babel import Locale, UnknownLocaleError
from babel.dates import format_skeleton

from bot.channels import way_in_words
from flows.model.signals import PlaceChoice

if TYPE_CHECKING:
    from datetime import datetime

    from storage.places import Place

ASSISTED = "assisted"
"""Stands in the place of a channel where a worker sat beside the person."""


def channel_name(channel: str) -> str:
    """Return how something reached us, in words: the channel, or the worker who wrote it down."""
    return "a worker who wrote it down" if channel == ASSISTED else way_in_words(channel)


def choice_of(place: Place) -> PlaceChoice:
    """Return a place as the engine knows it."""
    return PlaceChoice(id=place.id, label=place.label, kind=place.kind)


def month_and_year(moment: datetime, language: str) -> str:
    """Return for example "November 2026" in the words of a language."""
    return _month("yMMMM", moment, language)


def short_month(moment: datetime, language: str) -> str:
    """Return for example "Nov 2026" in the words of a language."""
    return _month("yMMM", moment, language)


def _month(form: str, moment: datetime, language: str) -> str:
    try:
        locale = Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")
    return format_skeleton(form, moment.astimezone(UTC), locale=locale)
