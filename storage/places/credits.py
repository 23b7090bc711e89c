"""Who made the open data behind the shipped gazetteer. Shown in exports, on pages and in the documents (rule 90)."""

from __future__ import annotations

CREDITS = (
    "Places: GeoNames (geonames.org), CC BY 4.0, shortened and joined by Earshot. "
    "Council areas and postcode districts: Office for National Statistics, Open Government Licence v3.0. "
    "Contains OS data © Crown copyright and database right 2025. "
    "Contains Royal Mail data © Royal Mail copyright and database right 2025. "
    "Contains National Statistics data © Crown copyright and database right 2025."
)
