"""The front door: webhooks reach their handlers whole or not at all, and every page carries its headers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from bot.settings.environment import read
from bot.web.asgi import HEADERS, MOST_BYTES, AsgiApp, TooLargeError, WebhookRequest, WebhookResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Heard:
    def __init__(self) -> None:
        self.posts: list[WebhookRequest] = []
        self.too_large: list[str] = []

    async def hook(self, post: WebhookRequest) -> WebhookResponse:
        self.posts.append(post)
        return WebhookResponse(200, b"<Response/>", "text/xml")


async def pages(scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"text/html"), (b"cache-control", b"max-age=60")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": scope["path"].encode()})


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def client(heard: Heard) -> AsyncIterator[httpx.AsyncClient]:
    front = AsgiApp(pages, {"/webhooks/sms": heard.hook}, https=True, too_large=heard.too_large.append)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(front), base_url="https://listen.example.org") as open_:
        yield open_


async def pieces(count: int, size: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * size


async def test_a_webhook_gets_what_came_untouched(client: httpx.AsyncClient, heard: Heard) -> None:
    answer = await client.post("/webhooks/sms?a=1&b=", content=b"Body=&From=%2B44", headers={"X-Twilio-Signature": "s"})
    (post,) = heard.posts
    assert (post.query, post.body, post.headers["x-twilio-signature"]) == ("a=1&b=", b"Body=&From=%2B44", "s")
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (200, "<Response/>", "text/xml")


async def test_a_body_in_pieces_arrives_whole(client: httpx.AsyncClient, heard: Heard) -> None:
    await client.post("/webhooks/sms", content=pieces(3, 1000))
    assert len(heard.posts[0].body) == 3000


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
async def test_a_webhook_takes_posts_only(client: httpx.AsyncClient, heard: Heard, method: str) -> None:
    assert (await client.request(method, "/webhooks/sms")).status_code == 405
    assert heard.posts == []


@pytest.mark.parametrize("declared", [True, False], ids=["with its length", "in pieces"])
@pytest.mark.parametrize("path", ["/webhooks/sms", "/try"])
async def test_two_megabytes_are_too_much(client: httpx.AsyncClient, heard: Heard, path: str, declared: bool) -> None:
    content: Any = b"x" * 2_000_000 if declared else pieces(20, 100_000)
    if path == "/try" and not declared:
        with pytest.raises(TooLargeError):  # the pages answer it with their own error page
            await client.post(path, content=content)
        return
    answer = await client.post(path, content=content)
    assert answer.status_code == 413
    assert heard.posts == []
    assert heard.too_large == [path]


async def test_the_longest_body_that_fits_is_read(client: httpx.AsyncClient, heard: Heard) -> None:
    assert (await client.post("/webhooks/sms", content=b"x" * MOST_BYTES)).status_code == 200
    assert (await client.post("/webhooks/sms", content=b"x" * (MOST_BYTES + 1))).status_code == 413


async def test_pages_carry_the_security_headers_and_may_set_their_own(client: httpx.AsyncClient) -> None:
    headers = (await client.get("/anything")).headers
    assert len(HEADERS) > 5
    for name, value in HEADERS:
        expected = "max-age=60" if name == b"cache-control" else value.decode()
        assert headers[name.decode()] == expected
    assert "max-age" in headers["strict-transport-security"]


async def test_without_https_nothing_is_promised_about_it() -> None:
    transport = httpx.ASGITransport(AsgiApp(pages, {}))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        assert "strict-transport-security" not in (await client.get("/")).headers


# --- under which name -----------------------------------------------------------------------------------------------


@pytest.fixture
async def named(heard: Heard) -> AsyncIterator[httpx.AsyncClient]:
    """A front door that is called listen.example.org, and by its machine's own names."""
    ours = read({"EARSHOT_PUBLIC_URL": "https://listen.example.org"}).is_our_host
    front = AsgiApp(pages, {"/webhooks/sms": heard.hook}, is_ours=ours)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(front), base_url="http://127.0.0.1") as open_:
        yield open_


@pytest.mark.parametrize(
    "host",
    [
        "listen.example.org", "LISTEN.example.org.", "listen.example.org:8443", "127.0.0.1", "127.0.0.1:41234",
        "localhost", "localhost:8000", "[::1]:8000", "practice.localhost:1",
    ],
)  # fmt: skip
async def test_pages_open_under_our_own_names(named: httpx.AsyncClient, host: str) -> None:
    assert (await named.get("/privacy", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "listen.example.org.evil.example", "evil.example:443", "127.0.0.1.evil.example", "[::2]",
        "10.0.0.1:8000", "evil.example#listen.example.org", "listen.example.org@evil.example", "", "localhostt",
    ],
)  # fmt: skip
async def test_pages_open_under_no_other_name(named: httpx.AsyncClient, host: str) -> None:
    answer = await named.get("/privacy", headers={"Host": host})
    assert (answer.status_code, "EARSHOT_PUBLIC_URL" in answer.text) == (421, True)
    assert not host or host not in answer.text


async def test_two_names_are_one_too_many(named: httpx.AsyncClient) -> None:
    headers = [("Host", "listen.example.org"), ("Host", "evil.example")]
    assert (await named.get("/privacy", headers=headers)).status_code == 421


async def test_providers_and_probes_may_use_any_name(named: httpx.AsyncClient, heard: Heard) -> None:
    """The first prove themselves, and a probe inside a cluster knows no name; none of them is led anywhere."""
    for path in ("/healthz", "/readyz", "/metrics"):
        assert (await named.get(path, headers={"Host": "10.0.0.1:8000"})).status_code == 200
    assert (await named.post("/webhooks/sms", headers={"Host": "10.0.0.1:8000"})).status_code == 200
    assert len(heard.posts) == 1


@pytest.mark.parametrize(
    ("typed", "leads"),
    [
        ("/privacy/", "/privacy"),
        ("/privacy/?lang=cy", "/privacy?lang=cy"),
        ("//evil.example/", "/evil.example"),
        ("//evil.example//", "/evil.example"),
        ("/%2F%2Fevil.example/", "/evil.example"),
        ("/a%0d%0aSet-Cookie:x/", "/a%0D%0ASet-Cookie%3Ax"),
        ("/a%20b/", "/a%20b"),
    ],
)
async def test_a_slash_too_many_leads_to_the_page_and_never_elsewhere(
    named: httpx.AsyncClient, typed: str, leads: str
) -> None:
    answer = await named.get("http://127.0.0.1" + typed)
    assert (answer.status_code, answer.headers["location"]) == (308, leads)
    assert (await named.post("http://127.0.0.1" + typed)).status_code == 200, "a form is not sent twice"


@pytest.mark.parametrize("path", ["/webhooks/sms", "/try"])
async def test_half_a_request_is_none(heard: Heard, path: str) -> None:
    """Whoever sends it hung up, or was too slow: no handler sees a part as the whole, and nothing is logged for it."""
    events = [{"type": "http.request", "body": b"Body=ST", "more_body": True}, {"type": "http.disconnect"}]
    sent: list[Any] = []

    async def receive() -> Any:
        return events.pop(0)

    async def send(event: Any) -> None:
        sent.append(event)

    async def reading(scope: Any, receive: Any, send: Any) -> None:
        while (event := await receive())["type"] == "http.request":
            assert event["more_body"]
        raise ConnectionError("the client is gone")

    scope = {"type": "http", "method": "POST", "path": path, "headers": [], "query_string": b""}
    await AsgiApp(reading, {"/webhooks/sms": heard.hook})(scope, receive, send)
    assert heard.posts == []
    assert [event["status"] for event in sent if "status" in event] in ([], [400])
