"""The privacy notice at /privacy: layered, in plain words, one template per language.

It needs no sign-in, sets no cookie and loads nothing from elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from starlette.responses import RedirectResponse
from starlette.routing import Route

from bot.settings.organisation import organisation_facts
from bot.web import templating
from flows.interruptions.turn_builder import LANGUAGES

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from bot.settings.environment import Settings


class KeptData(NamedTuple):
    """The periods named in the notice (rules 53 and 64). The flows' consent texts name the same ones for stories; the
    days are settings, and `storage.privacy.retention` uses them too."""

    unfinished_days: int
    messages_days: int
    contact_days: int
    steady_days: int
    story_years: int = 2


class Regulator(NamedTuple):
    """The authority that supervises data protection in a country and takes complaints (rule 66)."""

    name: str
    phone: str
    url: str

    @property
    def site(self) -> str:
        """Return its web address without scheme, as people read it."""
        return urlsplit(self.url).netloc


REGULATORS = {
    "GB": Regulator("the Information Commissioner’s Office", "0303 123 1113", "https://ico.org.uk/make-a-complaint/"),
    "IE": Regulator("the Data Protection Commission", "01 765 0100", "https://www.dataprotection.ie"),
}


def routes(settings: Settings) -> list[Route]:
    """Return the routes of the notice."""
    spoken = tuple(code for code in settings.languages if templating.exists(f"privacy/{code}.html")) or ("en",)
    facts = organisation_facts(settings)

    def show(request: Request) -> Response:
        wanted = request.query_params.get("lang", "")
        if wanted and wanted not in spoken:
            return RedirectResponse("/privacy", 303)
        language = wanted or preferred(request.headers.get("accept-language", ""), spoken)
        return templating.page(
            f"privacy/{language}.html",
            page_language=language,
            languages=[(code, LANGUAGES.get(code, code)) for code in spoken],
            organisation=facts.organisation,
            contact=settings.contact,
            adult_age=facts.adult_age,
            emergency=facts.emergency,
            crisis_line=facts.crisis_line,
            kept=KeptData(
                unfinished_days=settings.keep_unfinished_days,
                messages_days=settings.keep_raw_days,
                contact_days=settings.keep_contact_days,
                steady_days=settings.steady_days,
            ),
            telegram=settings.telegram_on or not settings.sms_on,
            sms=settings.sms_on or not settings.telegram_on,
            regulator=REGULATORS.get(settings.country),
        )

    return [Route("/privacy", show, methods=["GET"])]


def preferred(accepted: str, spoken: tuple[str, ...]) -> str:
    """Return the first language of a browser's Accept-Language that we have, else our first one."""
    weighed = []
    for place, item in enumerate(accepted.split(",")[:20]):
        tag, _, weight = item.strip().partition(";")
        try:
            rank = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            rank = 0.0
        weighed.append((-rank, place, tag.strip().lower().split("-")[0]))
    return next((tag for _, _, tag in sorted(weighed) if tag in spoken), spoken[0])
