"""Posts signed statements without end, and keeps every receipt that was ever given."""

import asyncio
import base64
import hashlib
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx2

from ledger.keys.author import AuthorKey
from ledger.keys.demo import demo_author
from ledger.records.registry import kind_of
from ledger.statement import base64url
from ledger.statement.claims import Claims, Source
from ledger.statement.issuing import issue
from ledger.statement.jws import sign_key_proof
from ledger.testing.scenarios import Party, parties

_OFFICES = {"beijing": "bj", "tianjin": "tj", "hebei": "he"}
_FIRM = "importer_bj"
_DOCUMENT = {"media_type": "text/plain", "document_type": "contract"}
_LINES = "application/x-ndjson"


@dataclass(frozen=True, slots=True)
class Given:
    """A receipt as it came over the wire at this time (seconds since 1970), and the statement it is for."""

    region: str
    compact: str
    receipt: dict
    time: float


@dataclass
class Poster:
    """One firm that posts in three regions.

    Attributes:
        given: every receipt ever given, repeats too, in order of arrival.
        refused: answers that no fault excuses.
        excuses: the codes of those that are excused, by region.
        highest: highest log index promised by each region.
        retries: how often something was posted again because it was not answered.
        timeout: seconds to wait for an answer.
    """

    network: str
    urls: dict[str, str]
    seed: int
    given: list[Given] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    excuses: Counter[tuple[str, str]] = field(default_factory=Counter)
    retries: int = 0
    highest: dict[str, int] = field(default_factory=dict)
    stopping: bool = False
    timeout: float = 15.0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._number = 0
        self._http = httpx2.AsyncClient(timeout=self.timeout, trust_env=False)
        self._firm = parties()[_FIRM]
        self._key = demo_author(_FIRM, self._firm.uscc, self._firm.name)

    async def register(self) -> None:
        """Have every region let the firm post."""
        for region in self.urls:
            await self._one(region, self._registration(region))

    async def post(self, region: str) -> Given | None:
        """Post one new record until it is answered."""
        return await self._one(region, self._document(region))

    async def offer(self, region: str) -> bool:
        """Post one new record a single time; whether that gave a receipt."""
        compact = self._document(region)
        answer = await self._post(region, compact.encode(), "application/sd-jwt")
        if answer is None or answer.status_code not in (200, 201):
            return False
        self._keep(region, compact, answer.json())
        return True

    async def many(self, region: str, count: int) -> None:
        """Post so many new records by the line until all are answered."""
        await self._many(region, [self._document(region) for _ in range(count)])

    async def again(self, region: str, compacts: list[str]) -> None:
        """Post these by the line until all are answered."""
        await self._many(region, compacts)

    async def amend(self, given: Given, fields: dict) -> Given | None:
        """Post the second version of a record, which had these fields, until it is answered."""
        said = fields | {"change": "amended", "reason": "as found", "case_code": "ordered"}
        place = (given.region, "document", said)
        compact = self._sign(self._key, self._firm, *place, 2, given.receipt["id"])
        return await self._one(given.region, compact)

    async def run(self, pace: float) -> None:
        """Post one by one and by the line to all regions until ``stopping``; ends when all is answered."""
        async with asyncio.TaskGroup() as group:
            for region in self.urls:
                group.create_task(self._singles(region, pace))
                group.create_task(self._batches(region, pace * 4))

    async def close(self) -> None:
        await self._http.aclose()

    async def _singles(self, region: str, pace: float) -> None:
        mine: list[Given] = []
        while not self.stopping:
            again = mine and self._random.random() < 0.1
            compact = self._random.choice(mine).compact if again else self._document(region)
            if (given := await self._one(region, compact)) is not None:
                mine.append(given)
            await asyncio.sleep(self._random.random() * 2 * pace)

    async def _batches(self, region: str, pace: float) -> None:
        while not self.stopping:
            group = [self._document(region) for _ in range(self._random.randint(2, 24))]
            # The same statement twice in a body is one record with one place.
            await self._many(region, [*group, group[0]])
            await asyncio.sleep(self._random.random() * 2 * pace)

    async def _one(self, region: str, compact: str) -> Given | None:
        while True:
            answer = await self._post(region, compact.encode(), "application/sd-jwt")
            if answer is not None and answer.status_code in (200, 201):
                return self._keep(region, compact, answer.json())
            if answer is not None and not self._is_excused(region, answer.json()):
                return None
            await self._pause()

    async def _many(self, region: str, group: list[str]) -> None:
        left = group
        while left:
            body = "".join(json.dumps({"statement": one}) + "\n" for one in left).encode()
            answer = await self._post(region, body, _LINES)
            if answer is not None and answer.status_code == 200:
                left = self._read_lines(region, left, answer.text.splitlines())
            elif answer is not None and not self._is_excused(region, answer.json()):
                return
            if left:
                await self._pause()

    def _read_lines(self, region: str, sent: list[str], lines: list[str]) -> list[str]:
        """Keep the receipts; what is to be sent again."""
        again: list[str] = []
        for compact, line in zip(sent, lines, strict=True):
            said = json.loads(line)
            if "receipt" in said:
                self._keep(region, compact, said["receipt"])
            elif self._is_excused(region, said["problem"]):
                again.append(compact)
        return again

    async def _post(self, region: str, body: bytes, media: str) -> httpx2.Response | None:
        try:
            return await self._http.post(
                f"{self.urls[region]}/records", content=body, headers={"Content-Type": media}
            )
        except httpx2.HTTPError:
            return None

    async def _pause(self) -> None:
        self.retries += 1
        await asyncio.sleep(0.05 + self._random.random() * 0.2)

    def _keep(self, region: str, compact: str, receipt: dict) -> Given:
        one = Given(region, compact, receipt, time.time())
        self.given.append(one)
        self.highest[region] = max(self.highest.get(region, -1), receipt["index"])
        return one

    def _is_excused(self, region: str, problem: dict) -> bool:
        """A node may say that it cannot answer now; it may not refuse what is right."""
        excused = problem["status"] == 503
        if excused:
            self.excuses[region, problem["code"]] += 1
        else:
            self.refused.append(f"{region}: {problem}")
        return excused

    def _document(self, region: str) -> str:
        self._number += 1
        digest = hashlib.sha256(f"{self.seed}/{self._number}".encode()).hexdigest()
        fields = {"key": f"DOC:{digest}", "time": "2026-03-02T09:00:00+08:00"}
        fields |= {"sha256": digest, "size": self._number} | _DOCUMENT
        return self._sign(self._key, self._firm, region, "document", fields)

    def _registration(self, region: str) -> str:
        at = parties()[f"customs_{_OFFICES[region]}"]
        registrar = demo_author(f"registrar_{_OFFICES[region]}", at.uscc, at.name)
        fields = {
            "key": f"OP:{base64url.decode(self._key.kid).hex()}",
            "time": datetime.now(UTC).isoformat("T", "seconds"),
            "uscc": self._firm.uscc,
            "name": self._firm.name,
            "status": "active",
            "kinds": ["document"],
            "certificate": base64.b64encode(self._key.certificate).decode(),
            "key_proof": sign_key_proof(self._key, f"{self.network}/{region}", int(time.time())),
        }
        return self._sign(registrar, at, region, "operator", fields)

    def _sign(
        self,
        key: AuthorKey,
        firm: Party,
        region: str,
        kind: str,
        fields: dict,
        version: int = 1,
        prev: str | None = None,
    ) -> str:
        claims = Claims(
            iss=f"urn:uscc:{firm.uscc}",
            aud=f"{self.network}/{region}",
            jti=base64url.encode(self._random.randbytes(16)),
            iat=int(time.time()),
            kind=kind,
            schema=kind_of(kind).schema,
            version=version,
            prev=prev,
            source=Source("faults", "typed", "invented"),
        )
        return issue(claims, fields, key, self._random.randbytes)
