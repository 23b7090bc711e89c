"""Places: which one a person means, offline, from the project's own list and a shipped gazetteer (rules 86 to 90).

Owns the resolver, its data and how they are built. `build` needs packages of its own and is imported by whoever builds.
"""

from storage.places.credits import CREDITS
from storage.places.gazetteer import SHIPPED, GazetteerError
from storage.places.place_records import ListProblem, Place, PlacesFoundByWords, ProjectPlace, kind_of
from storage.places.postcode import without_full_postcodes
from storage.places.project import COLUMNS, read_project_csv
from storage.places.resolve import MOST, Resolver

__all__ = [
    "COLUMNS",
    "CREDITS",
    "MOST",
    "SHIPPED",
    "GazetteerError",
    "ListProblem",
    "Place",
    "PlacesFoundByWords",
    "ProjectPlace",
    "Resolver",
    "kind_of",
    "read_project_csv",
    "without_full_postcodes",
]
