"""The columns of an export, in order, each with its meaning. Formats and the data dictionary use this list."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import JsonValue

Row = dict[str, JsonValue]
"""One story, with every column in the order of COLUMNS.

Lists, numbers and booleans keep their type if the format has it.
"""


class Column(NamedTuple):
    """One column of an export."""

    name: str
    meaning: str


COLUMNS = (
    Column("id", "A random name for the story in this export only. The same story has another one in the next export."),
    Column("kind", "story, or feedback."),
    Column(
        "text",
        "The teller’s own words, unaltered, with what they added later at the end; or, where edited is yes, the version"
        " that they agreed to.",
    ),
    Column("edited", "yes: the team edited it and its teller agreed to exactly this text. no: their own words."),
    Column("amended", "Messages the teller wrote anew, in order. Use them rather than what they replace in text."),
    Column("scales", "individual, organisational, society: the scales it touches, as the teller or the team said."),
    Column("scales_by_teller", "Those of the scales that the teller chose."),
    Column("scales_by_team", "Those of the scales that the team confirmed or added."),
    Column("actors", "service_user, carer, employee, partner: as whom the teller speaks."),
    Column("place", "The place, as exactly as may be named in this export."),
    Column("place_kind", "village, small town, town, city … by population; area or nation if the place is held back."),
    Column("place_parent", "The area around it."),
    Column("place_scheme", "Where place_code comes from, for example gss (United Kingdom)."),
    Column("place_code", "Code of the council area."),
    Column("place_year", "The year whose boundaries the code means."),
    Column("place_nation", "The nation."),
    Column("place_exactness", "exact; area or nation if too few people spoke from the place to name it; none."),
    Column("place_words", "The teller’s own words for the place. For use by the team only; empty otherwise."),
    Column("language", "Language of the conversation, as a code."),
    Column("channel", "How it came: sms or telegram."),
    Column("told_month", "The month in which it was told, YYYY-MM. Never the day."),
    Column("rating", "The rating given with feedback, where the flow asks for one."),
    Column("answers", "All other answers by name of the question. For use by the team only; empty otherwise."),
    Column("use", "How far its teller lets it travel: team, then quote, then publish."),
    Column("naming", "How its teller is to be named when it is published: none, place or name. Empty for other uses."),
    Column("credit", "The name to publish it under, as its teller gave it. Empty: name nobody."),
    Column("state", "new: nobody on the team has decided yet. approved: somebody has."),
    Column("practice", "yes: made up on the practice phone, nobody’s experience. no: told by a person."),
)
NAMES = tuple(column.name for column in COLUMNS)
