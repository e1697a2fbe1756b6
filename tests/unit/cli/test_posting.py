"""Posting to a node that answers badly, by an HTTP transport made for it."""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx2
import pytest

from ledger.cli.access import Door
from ledger.cli.outbox import Outbox
from ledger.cli.posting import post
from ledger.cli.rows import Row
from ledger.client import NodeClient
from ledger.keys.demo import demo_log_key
from ledger.keys.log import LogKey
from ledger.merkle.checkpoint import Checkpoint, sign_checkpoint
from ledger.merkle.hashing import leaf_hash
from ledger.merkle.leaf import Leaf, encode_leaf
from ledger.merkle.proof import TlogProof, format_proof
from ledger.statement.claims import Source
from ledger.statement.sdjwt import parse
from ledger.values import TreeHead
from tests.unit.cli.made_up import NAME, invoice


@dataclass
class FakeNode:
    """Takes NDJSON batches; ``answer`` makes the answer to the n-th line of all."""

    answer: object
    seen: list[str] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        lines = []
        for line in request.content.splitlines():
            compact = json.loads(line)["statement"]
            self.seen.append(compact)
            lines.append(self.answer(compact))
        if None in lines:
            raise httpx2.ReadTimeout("gone", request=request)
        return httpx2.Response(200, text="".join(json.dumps(one) + "\n" for one in lines))


def receipt(compact, *, named=None, key=None, epoch=1):
    """The answer of a node whose log begins with this statement, or with the one named."""
    claims = parse(compact).claims
    origin = f"{claims.aud}/{epoch}"
    leaf = encode_leaf(Leaf(parse(named or compact).id, 1, -1))
    head = TreeHead(1, leaf_hash(leaf))
    note = sign_checkpoint(Checkpoint(origin, head), key or demo_log_key(origin))
    return {
        "line": 0,
        "receipt": {
            "id": parse(compact).id.hex(),
            "origin": origin,
            "index": 0,
            "received": 1,
            "leaf": leaf.decode(),
            "proof": format_proof(TlogProof(0, (), note)),
        },
    }


def refusal(code, status=409):
    problem = {"type": "x", "title": "x", "status": status, "detail": "no", "code": code}
    return {"line": 0, "problem": problem}


def run(node, network_file, importer, receipts, numbers, batch=2):
    door = Door.open(network_file, importer)

    @asynccontextmanager
    async def fake(region):
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(node)) as http:
            yield NodeClient("http://node", http, region=region)

    object.__setattr__(door, "node", fake)
    source = Source("t", "typed", "")
    rows = [Row(number, "tianjin", **invoice(number), source=source) for number in numbers]
    told = []
    asyncio.run(post(rows, door, Outbox(receipts), told.append, batch))
    return told


def test_a_retry_posts_the_very_same_bytes(network_file, importer, tmp_path):
    kept = tmp_path / "a.receipts"
    silent = FakeNode(lambda compact: None)
    told = run(silent, network_file, importer, kept, ["A1", "A2", "A3"])
    assert [one.unanswered for one in told] == [True, True, True]
    answering = FakeNode(receipt)
    told = run(answering, network_file, importer, kept, ["A1", "A2", "A3"])
    assert [one.error for one in told] == [None, None, None]
    assert sorted(answering.seen) == sorted(silent.seen)


def test_what_has_a_receipt_is_not_posted_again(network_file, importer, tmp_path):
    kept = tmp_path / "a.receipts"
    run(FakeNode(receipt), network_file, importer, kept, ["A1"])
    again = FakeNode(receipt)
    told = run(again, network_file, importer, kept, ["A1", "A2"])
    assert [one.repeated for one in told] == [True, False]
    assert len(again.seen) == 1


def test_a_refused_row_is_signed_anew_and_its_neighbours_are_taken(
    network_file, importer, tmp_path
):
    kept = tmp_path / "a.receipts"
    node = FakeNode(
        lambda compact: refusal("record_exists") if compact == node.seen[0] else receipt(compact)
    )
    told = run(node, network_file, importer, kept, ["A1", "A2"])
    assert [one.error and one.error.code for one in told] == ["record_exists", None]
    later = FakeNode(receipt)
    run(later, network_file, importer, kept, ["A1"])
    assert later.seen[0] not in node.seen


def test_too_fast_is_not_refused(network_file, importer, tmp_path):
    kept = tmp_path / "a.receipts"
    node = FakeNode(lambda compact: refusal("rate_limited", 429))
    (one,) = run(node, network_file, importer, kept, ["A1"])
    assert one.unanswered
    later = FakeNode(receipt)
    run(later, network_file, importer, kept, ["A1"])
    assert later.seen == node.seen


def test_equal_rows_are_one_statement(network_file, importer, tmp_path):
    node = FakeNode(receipt)
    told = run(node, network_file, importer, tmp_path / "a.receipts", ["A1", "A1"])
    assert len(told) == 2
    assert len(node.seen) == 1


def with_receipt(change):
    """A node that changes its receipts."""

    def answer(compact):
        given = receipt(compact)
        return given | {"receipt": given["receipt"] | change(compact)}

    return answer


class Swapped:
    """Answers each statement with the place of the one before it."""

    def __init__(self):
        self.before = None

    def __call__(self, compact):
        named, self.before = self.before, compact
        return receipt(compact, named=named)


LIES = {
    "the statement before": Swapped(),
    "another log's key": lambda c: receipt(
        c, key=LogKey(f"{parse(c).claims.aud}/1", bytes([7]) * 32)
    ),
    "another id": with_receipt(lambda _: {"id": "ab" * 32}),
    "another index": with_receipt(lambda _: {"index": 1}),
    "another region": with_receipt(lambda _: {"origin": f"{NAME}/hebei/1"}),
    "another epoch": with_receipt(lambda _: {"origin": f"{NAME}/tianjin/2"}),
    "no leaf": with_receipt(lambda _: {"leaf": "{}"}),
    "no proof": with_receipt(lambda _: {"proof": "x"}),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_receipt_that_promises_nothing_is_no_answer(network_file, importer, tmp_path, lie):
    kept = tmp_path / "a.receipts"
    node = FakeNode(LIES[lie])
    told = run(node, network_file, importer, kept, ["A1", "A2", "A3"], batch=3)
    codes = {one.error.code for one in told if one.error is not None}
    assert codes == {"receipt_false"}
    assert all(one.unanswered for one in told if one.error is not None)
    # The very same bytes are posted again, and an honest answer is taken.
    honest = FakeNode(receipt)
    told = run(honest, network_file, importer, kept, ["A1", "A2", "A3"], batch=3)
    assert [one.error for one in told] == [None, None, None]
    assert set(honest.seen) <= set(node.seen)


def test_a_log_opened_since_the_network_file_was_written_can_be_posted_to(
    network_file, importer, tmp_path
):
    node = FakeNode(lambda compact: receipt(compact, epoch=2))
    told = run(node, network_file, importer, tmp_path / "a.receipts", ["A1"])
    assert [one.error for one in told] == [None]
