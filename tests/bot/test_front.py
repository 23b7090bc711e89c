"""The front door: webhooks reach their handlers whole or not at all, and every page carries its headers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from bot.front import HEADERS, MOST_BYTES, Answer, Front, Post, TooLargeError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Heard:
    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.too_large: list[str] = []

    async def hook(self, post: Post) -> Answer:
        self.posts.append(post)
        return Answer(200, b"<Response/>", "text/xml")


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
    front = Front(pages, {"/webhooks/sms": heard.hook}, https=True, too_large=heard.too_large.append)
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
    transport = httpx.ASGITransport(Front(pages, {}))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        assert "strict-transport-security" not in (await client.get("/")).headers
