"""Hostile requests: too large, too deep, too many, too slow, packed, broken off, or no HTTP at all."""

import gzip
import json
import random
from collections.abc import Callable
from functools import cache

from ledger.statement import base64url
from tests.faults.burstwire import Attack, Pause
from tests.system.desk import LINES, SINGLE
from tests.system.test_hostile import AUTHORIZATIONS, BODIES, LISTS, PATHS

GATEWAY = "gateway"
_MEBIBYTE = bytes(1 << 20)
_JSON = "application/json"
_PAGES = (
    "/", "/api/policy", "/api/network", "/api/search?q=" + "9" * 190, "/search?q=%00%ff&of=x",
    "/api/search?q=" + "%F0%9F%9A%A2" * 60, "/api/search?q=x&limit=99999999999999999999",
    "/api/search?q=a&cursor=%00", "/api/dossier?q=DEMU0000016&of=" + "f" * 64, "/static/../../x",
    "/api/records/" + "ab" * 32 + "/bundle", "/api/dossier?q=x&lang=zh-%00", "/search?q=" + "x" * 9000,
)  # fmt: skip
_NO_HTTP = (
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(512),
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET http://[::1/ HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /records HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    b"POST /records HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    b"POST /records HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
    b"POST /records HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\nabc",
    b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    b"Content-Length: 99999999\r\n\r\n",
    b"\x00" * 4096,
    b"\r\n" * 20_000,
)

Made = Callable[[random.Random, str], Attack]


def _head(path: str, *headers: str, method: str = "POST", media: str = LINES) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Content-Type: {media}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def _with_body(path: str, body: bytes, *headers: str, media: str = LINES) -> bytes:
    return _head(path, f"Content-Length: {len(body)}", *headers, media=media) + body


def _writing(dice: random.Random, target: str) -> str:
    if target == GATEWAY:
        return dice.choice(("/api/search", "/search", "/api/dossier", "/"))
    return dice.choice(("/records", "/records", "/bundles", "/search", "/checkpoints"))


def large(dice: random.Random, target: str) -> Attack:
    """64 MiB, announced."""
    head = _head(_writing(dice, target), f"Content-Length: {64 << 20}")
    return Attack("64 MiB announced", target, (head, *[_MEBIBYTE] * 64))


def large_in_chunks(dice: random.Random, target: str) -> Attack:
    """64 MiB that come as they come."""
    head = _head(_writing(dice, target), "Transfer-Encoding: chunked")
    return Attack("64 MiB in chunks", target, (head, *[b"100000\r\n", _MEBIBYTE, b"\r\n"] * 64))


def full_batch(dice: random.Random, target: str) -> Attack:
    """As large as a body may be, and nothing in it."""
    line = json.dumps({"statement": "e30.e30." + "A" * dice.randrange(4000, 9000) + "~"}).encode()
    body = (line + b"\n") * (7_900_000 // (len(line) + 1))
    return Attack("full batch", target, (_with_body(_writing(dice, target), body),))


def deep(dice: random.Random, target: str) -> Attack:
    """Thousands of levels."""
    level = dice.choice((b"[", b'{"a":', b'[{"statement":'))
    body = level * (dice.randrange(10_000, 1_000_000) // len(level))
    media = dice.choice((LINES, _JSON, SINGLE))
    return Attack("deep", target, (_with_body(_writing(dice, target), body, media=media),))


@cache
def _object(members: int) -> bytes:
    return json.dumps({f"k{n}": n for n in range(members)}).encode()


def many_members(dice: random.Random, target: str) -> Attack:
    """One object of a hundred thousand members."""
    body = _object(dice.choice((60_000, 70_000, 100_000)))
    return Attack("many members", target, (_with_body(_writing(dice, target), body, media=_JSON),))


def many_keys(dice: random.Random, target: str) -> Attack:
    """Statements by keys that nobody knows."""
    lines = []
    for _ in range(200):
        kid = base64url.encode(dice.randbytes(32))
        header = {"alg": "ES256", "typ": "customs-record+sd-jwt", "kid": kid}
        parts = [base64url.encode(json.dumps(one).encode()) for one in (header, {"iat": 1})]
        compact = ".".join([*parts, base64url.encode(dice.randbytes(64))]) + "~"
        lines.append(json.dumps({"statement": compact}))
    return Attack("many keys", target, (_with_body("/records", "\n".join(lines).encode()),))


@cache
def _bomb(layers: int) -> bytes:
    data = bytes(64 << 20)
    for _ in range(layers):
        data = gzip.compress(data, 9)
    return data


def bomb(dice: random.Random, target: str) -> Attack:
    """64 MiB of nothing, packed once or twice."""
    layers = dice.choice((1, 2))
    encoding = f"Content-Encoding: {', '.join(['gzip'] * layers)}"
    sent = _with_body(_writing(dice, target), _bomb(layers), encoding)
    return Attack("zip bomb", target, (sent,))


def slow_head(dice: random.Random, target: str) -> Attack:
    """A header every second, without an end."""
    parts = [b"GET /livez HTTP/1.1\r\nHost: x\r\n"]
    for n in range(60):
        parts += [Pause(1.0), b"X-%d: a\r\n" % n]
    return Attack("slow head", target, tuple(parts))


def slow_body(dice: random.Random, target: str) -> Attack:
    """A byte every second, of a body of any size."""
    size = dice.choice((1_000, 60_000, 4_000_000))
    parts = [_head(_writing(dice, target), f"Content-Length: {size}"), *[Pause(1.0), b"a"] * 60]
    return Attack("slow body", target, tuple(parts), hangs_up=8.0 + dice.random() * 4)


def held_body(dice: random.Random, target: str) -> Attack:
    """All of a large body but its last byte."""
    head = _head(_writing(dice, target), f"Content-Length: {(8 << 20) - 1}")
    return Attack("held body", target, (head, *[_MEBIBYTE] * 7), hangs_up=8.0)


def silent(dice: random.Random, target: str) -> Attack:
    """A connection and not a word."""
    return Attack("silent", target, (), hangs_up=dice.random() * 8)


def long_head(dice: random.Random, target: str) -> Attack:
    """One header, many headers or an address of megabytes."""
    parts = dice.choice((
        (b"GET /livez HTTP/1.1\r\nX: ", *[b"a" * 65_536] * 200),
        (b"GET /livez HTTP/1.1\r\n", *[b"".join(b"a%d: b\r\n" % n for n in range(9000))] * 50),
        (b"GET /", *[b"a" * 65_536] * 200),
        (_head("/records", "Transfer-Encoding: chunked"), b"0\r\n", *[b"a: " + b"b" * 65_536] * 200),
    ))  # fmt: skip
    return Attack("long head", target, parts)


def no_http(dice: random.Random, target: str) -> Attack:
    """Bytes of another kind."""
    return Attack("no HTTP", target, (dice.choice(_NO_HTTP), b"\r\n\r\n"))


def broken_off(dice: random.Random, target: str) -> Attack:
    """Hung up in the middle of a body."""
    head = _head(_writing(dice, target), "Content-Length: 300000")
    return Attack("broken off", target, (head, bytes(dice.randrange(300_000))), hangs_up=0.05)


def unfetched(dice: random.Random, target: str) -> Attack:
    """Answers asked for hundreds of times on one connection, and never read."""
    path = "/" if target == GATEWAY else "/network"
    asked = _head(path, method="GET") * 400
    return Attack("unfetched", target, (asked,), hangs_up=4.0)


def odd_body(dice: random.Random, target: str) -> Attack:
    """One of those that the hostile tests know."""
    media = dice.choice((SINGLE, LINES, _JSON, "", "text/plain;x=y"))
    body = dice.choice((*BODIES, *LISTS))
    return Attack("odd body", target, (_with_body(_writing(dice, target), body, media=media),))


def odd_path(dice: random.Random, target: str) -> Attack:
    """Addresses and tokens that mean nothing."""
    path = dice.choice(_PAGES if target == GATEWAY else PATHS)
    token = b"Authorization: " + dice.choice(AUTHORIZATIONS) + b"\r\n"
    cookie = b"Cookie: lang=" + dice.randbytes(20).hex().encode() + b"; theme=%00\r\n"
    line = f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept-Language: {'zh,' * 2000}\r\n".encode()
    return Attack("odd path", target, (line, dice.choice((token, cookie, b"")), b"\r\n"))


KINDS: tuple[Made, ...] = (
    large, large_in_chunks, full_batch, deep, many_members, many_keys, bomb, slow_head, slow_body,
    held_body, silent, long_head, no_http, broken_off, unfetched, odd_body, odd_path,
)  # fmt: skip
