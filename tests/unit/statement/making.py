"""Statements for tests: honest ones, and ones that no honest author would sign."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable
from itertools import count
from typing import Any

from ledger.keys.author import AuthorKey
from ledger.keys.demo import demo_author
from ledger.statement import base64url
from ledger.statement.sdjwt import Claims, Slotted, Source, Value, issue

USCC = "91110000DEMJ00011K"
ISS = f"urn:uscc:{USCC}"
AUD = "demo-00000000/beijing"
FIELDS: dict[str, Value] = {
    "key": "BL:DEMOB26000001",
    "time": "2026-03-03T13:00:00+08:00",
    "container": "DEMU0000016",
    "packages": 24,
    "gross_kg": "2104.0",
    "goods_name": "汽车零件",
    "sealed": True,
    "lines": ["one", {"hs10": "8708999990", "qty": 7}],
    "empty": [],
}


def author(alg: str = "ES256", party: str = "importer_bj", uscc: str = USCC) -> AuthorKey:
    return demo_author(party, uscc, f"DEMO {party}", alg)


def salts() -> Callable[[int], bytes]:
    """Salts that are the same in each run, and never the same twice."""
    counter = count()

    def salt(size: int) -> bytes:
        blocks = size // 16
        return b"".join(hashlib.sha256(b"%d" % next(counter)).digest()[:16] for _ in range(blocks))

    return salt


def claims(**changes: Any) -> Claims:
    given: dict[str, Any] = {
        "iss": ISS,
        "aud": AUD,
        "jti": "AAAAAAAAAAAAAAAAAAAAAA",
        "iat": 1_772_514_000,
        "kind": "bill_of_lading",
        "schema": "bill_of_lading/1",
        "version": 1,
        "prev": None,
        "source": Source("single-window", "typed", "carrier's booking"),
    }
    return Claims(**(given | changes))


def make(fields: dict[str, Value] | None = None, alg: str = "ES256", **changes: Any) -> str:
    return issue(claims(**changes), FIELDS if fields is None else fields, author(alg), salts())


def nested() -> str:
    party = Slotted({"name": "DEMO Huabei", "phones": ["1", "2"], "inner": Slotted({"x": 1})})
    return make({"key": "K", "party": party, "plain": {"deep": [{"a": Slotted({"b": "c"})}]}})


def header(**changes: Any) -> dict[str, Any]:
    given = {"alg": "ES256", "typ": "customs-record+sd-jwt", "kid": author().kid} | changes
    return {name: value for name, value in given.items() if value is not None}


def payload(**changes: Any) -> dict[str, Any]:
    """An honest payload with one open slot, members replaced, or taken out with None."""
    given: dict[str, Any] = {
        "iss": ISS,
        "aud": AUD,
        "jti": "AAAAAAAAAAAAAAAAAAAAAA",
        "iat": 1_772_514_000,
        "kind": "bill_of_lading",
        "schema": "bill_of_lading/1",
        "version": 1,
        "source": {"system": "s", "method": "typed", "basis": "b"},
        "fields": {"key": slot("BL:1")[0]},
        "_sd_alg": "sha-256",
    } | copy.deepcopy(changes)
    return {name: value for name, value in given.items() if value is not None}


def disclose(value: Any, salt: str = "AAAAAAAAAAAAAAAAAAAAAA") -> str:
    text = json.dumps([salt, value], ensure_ascii=False)
    return base64url.encode(text.encode("utf-8", "surrogatepass"))


def digest(disclosure: str) -> str:
    return base64url.encode(hashlib.sha256(disclosure.encode()).digest())


def slot(value: Any, salt: str = "AAAAAAAAAAAAAAAAAAAAAA") -> tuple[list[Any], str]:
    disclosure = disclose(value, salt)
    return [{"...": digest(disclosure)}], disclosure


def sign(
    body: dict[str, Any] | str | bytes, *disclosures: str, head: Any = None, alg: str = "ES256"
) -> str:
    """Sign whatever it is."""
    if isinstance(body, dict):
        body = json.dumps(body, ensure_ascii=False)
    if isinstance(body, str):
        body = body.encode("utf-8", "surrogatepass")
    head = header() if head is None else head
    if isinstance(head, dict):
        head = json.dumps(head)
    signing_input = f"{base64url.encode(head.encode())}.{base64url.encode(body)}"
    signature = base64url.encode(author(alg).sign(signing_input.encode()))
    return "~".join([f"{signing_input}.{signature}", *disclosures, ""])
