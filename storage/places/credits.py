"""Who made the open data behind the shipped gazetteer. Shown in exports, on pages and in the documents (rule 90)."""

from __future__ import annotations

CREDITS = (
    "Places: GeoNames (geonames.org), CC BY 4.0, shortened and joined by Earshot. "
    "Council areas and postcode districts: Office for National Statistics, Open Government Licence v3.0. "
    "Names of city districts: wards and census areas of the Office for National Statistics, the Scottish Government "
    "and NISRA, Open Government Licence v3.0, and House of Commons Library MSOA Names, Open Parliament Licence v3.0, "
    "joined by David Kane's geo-lookups; and Earshot's own list. "
    "Contains OS data © Crown copyright and database right 2025. "
    "Contains Royal Mail data © Royal Mail copyright and database right 2025. "
    "Contains National Statistics data © Crown copyright and database right 2025. "
    "Contains Parliamentary information licensed under the Open Parliament Licence v3.0."
)
