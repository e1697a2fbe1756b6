"""A desk in front of a running network: raw HTTP to every node, statements good and bad, firms."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from datetime import UTC, datetime, timedelta

import httpx2
from cryptography.hazmat.primitives.asymmetric import ec

from ledger.chain.network import Network
from ledger.client import ReadTokens
from ledger.keys.author import AuthorKey
from ledger.keys.demo import demo_author, demo_ca, demo_log_key
from ledger.node.world import SystemClock, SystemRandom
from ledger.records.numbers.uscc import uscc_fault
from ledger.records.registry import kind_of
from ledger.statement import base64url
from ledger.statement.claims import Claims, Source
from ledger.statement.issuing import issue
from ledger.statement.jws import sign_key_proof
from ledger.statement.sdjwt import parse
from ledger.testing.founding import REGIONS, office, registrar
from ledger.testing.scenarios import parties

SINGLE = "application/sd-jwt"
LINES = "application/x-ndjson"
CLOCK, RANDOM = SystemClock(), SystemRandom()


class Firm:
    """An author of a statement: its key, its USCC, its name."""

    def __init__(self, label: str, uscc: str, name: str, key: AuthorKey | None = None) -> None:
        self.label, self.uscc, self.name = label, uscc, name
        self.key = key or demo_author(label, uscc, name)

    @classmethod
    def party(cls, label: str) -> Firm:
        known = parties()[label]
        return cls(label, known.uscc, known.name)

    @classmethod
    def fresh(cls, number: int, hours_left: int | None = None) -> Firm:
        """A firm that no scenario knows; its certificate ends in so many hours."""
        uscc, name = uscc_number(number), f"DEMO firm {number} (synthetic)"
        if hours_left is None:
            return cls(f"firm{number}", uscc, name)
        key = ec.generate_private_key(ec.SECP256R1())
        until = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=hours_left)
        paper = demo_ca().issue(key.public_key(), uscc, name, valid_to=until)
        return cls(f"firm{number}", uscc, name, AuthorKey(key, paper))


def uscc_number(number: int) -> str:
    """An invented code with both of its check digits."""
    right = f"91110000DEMJ{number:04d}00"
    while (fault := uscc_fault(right)) is not None:
        assert fault.expected
        at = 16 if "17th" in fault.detail else 17
        right = right[:at] + fault.expected + right[at + 1 :]
    return right


class Desk:
    """Posts to and reads from the nodes of one network as anyone on the wire could."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.name = network.name
        self.http = httpx2.Client(timeout=30, trust_env=False)

    def url(self, region: str, path: str) -> str:
        return self.network.region(region).url + path

    def get(self, region: str, path: str, tokens: ReadTokens | None = None, **how):
        request = self.http.build_request("GET", self.url(region, path), **how)
        if tokens is not None:
            target = request.url.raw_path.decode("ascii")
            request.headers["Authorization"] = tokens.header("GET", target)
        return self.http.send(request)

    def post(self, region: str, body: bytes | str, media: str = SINGLE, path: str = "/records"):
        return self.http.post(self.url(region, path), content=body, headers={"Content-Type": media})

    def post_lines(self, region: str, compacts: list[str]) -> list[dict]:
        body = "".join(json.dumps({"statement": one}) + "\n" for one in compacts)
        answer = self.post(region, body, LINES)
        assert answer.status_code == 200, answer.text
        return [json.loads(line) for line in answer.text.splitlines()]

    def author_tokens(self, firm: Firm, region: str) -> ReadTokens:
        return ReadTokens.of_author(f"{self.name}/{region}", firm.key, CLOCK, RANDOM)

    def peer_tokens(self, mine: str, region: str) -> ReadTokens:
        key = demo_log_key(f"{self.name}/{mine}/peer")
        return ReadTokens.of_peer(f"{self.name}/{region}", key, CLOCK, RANDOM)

    def sign(self, firm: Firm, region: str, kind: str, fields: dict, **claims) -> str:
        """A statement; ``claims`` override what an honest author would say."""
        said = {
            "iss": f"urn:uscc:{firm.uscc}",
            "aud": f"{self.name}/{region}",
            "jti": base64url.encode(RANDOM.bytes(16)),
            "iat": CLOCK.now() // 1000,
            "kind": kind,
            "schema": kind_of(kind).schema,
            "version": 1,
            "prev": None,
            "source": Source("demo", "typed", "synthetic data"),
        }
        return issue(Claims(**said | claims), fields, firm.key, RANDOM.bytes)

    def registration(self, firm: Firm, region: str, kinds: list[str], **claims) -> str:
        """What the region's registrar signs to let a firm post; ``status`` and ``by`` may be given."""
        status, by = claims.pop("status", "active"), claims.pop("by", None)
        fields = {
            "key": f"OP:{base64url.decode(firm.key.kid).hex()}",
            "time": datetime.now(UTC).isoformat("T", "seconds"),
            "uscc": firm.uscc,
            "name": firm.name,
            "status": status,
            "kinds": sorted(kinds),
            "certificate": base64.b64encode(firm.key.certificate).decode(),
            "key_proof": sign_key_proof(firm.key, f"{self.name}/{region}", CLOCK.now() // 1000),
        }
        if claims.get("version", 1) > 1:
            fields |= {"change": "amended", "reason": "as ordered", "case_code": "ordered"}
        at = office(region)
        signer = by or Firm(f"registrar_{region}", at.uscc, at.name, registrar(region))
        return self.sign(signer, region, "operator", fields, **claims)

    def admit(self, firm: Firm, region: str, kinds: list[str]) -> str:
        """Register a firm; gives the id of its operator record."""
        answer = self.post(region, self.registration(firm, region, kinds))
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]


def document(content: str, **more) -> dict:
    """Fields of a document record for a file with that content."""
    digest = hashlib.sha256(content.encode()).hexdigest()
    return {
        "key": f"DOC:{digest}",
        "time": "2026-03-02T09:00:00+08:00",
        "sha256": digest,
        "size": len(content),
        "media_type": "text/plain",
        "document_type": "contract",
    } | more


def amended(fields: dict, **more) -> dict:
    """The fields of a further version."""
    return fields | {"change": "amended", "reason": "as found", "case_code": "ordered"} | more


def payload_of(compact: str) -> dict:
    return json.loads(base64url.decode(compact.split(".")[1]))


def resign(compact: str, firm: Firm, change, header: dict | None = None) -> str:
    """The statement with its payload's bytes changed, signed anew by its author."""
    signed, *rest = compact.split("~")
    first, payload, _ = signed.split(".")
    if header is not None:
        first = base64url.encode(json.dumps(header).encode())
    data = change(base64url.decode(payload))
    signing_input = f"{first}.{base64url.encode(data)}"
    signature = base64url.encode(firm.key.sign(signing_input.encode()))
    return "~".join([f"{signing_input}.{signature}", *rest])


def disclosure(value: object) -> tuple[str, str]:
    """A disclosure for any value, right or wrong, with its digest."""
    text = value if isinstance(value, str) else json.dumps(value)
    made = base64url.encode(f'["{base64url.encode(RANDOM.bytes(16))}",{text}]'.encode())
    return made, base64url.encode(hashlib.sha256(made.encode()).digest())


def id_of(compact: str) -> str:
    return parse(compact).id.hex()


class Heard(logging.Handler):
    """Everything that the process logs."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.exc_info and record.exc_info[1]:
            text += repr(record.exc_info[1])
        self.lines.append(text)


__all__ = ["LINES", "REGIONS", "SINGLE", "Desk", "Firm", "Heard", "amended", "document"]
