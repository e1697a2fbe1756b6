"""Search, versions, anchors, outbox, meta and evidence."""

from ledger.ports import AnchorRow, Identifier, OutboxRow, RecordKey
from ledger.values import AnchorFacts, Millis, Origin, TreeHead
from tests.unit.store.made_up import BEIJING, digest, put, statement, step

HEBEI = Origin("demo-1a2b3c4d", "hebei", 1)
SHARED = Identifier("container", "SHARED")


def anchored(origin: Origin, size: int, **changes) -> AnchorRow:
    facts = AnchorFacts(
        origin.log_id, TreeHead(size, digest(str(size))), 7, digest("b"), digest("t"), 3, Millis(9)
    )
    return AnchorRow(origin, facts, **changes)


def test_search_pages_through_all_logs_in_order(with_store):
    async def test(store):
        await put(
            store,
            step(HEBEI, 0, [statement("h", region="hebei")], mirrored=True),
            step(BEIJING, 0, [statement(name) for name in "abc"]),
        )
        first = await store.search(SHARED, None, 2)
        place = (str(first[-1].leaf.origin), first[-1].leaf.index)
        rest = await store.search(SHARED, place, 10)
        assert [one.statement.jti for one in [*first, *rest]] == [
            "jti-a",
            "jti-b",
            "jti-c",
            "jti-h",
        ]
        assert await store.search(Identifier("bill", "SHARED"), None, 5) == []
        assert len(await store.search(Identifier("", "SHARED"), None, 5)) == 4
        mine = await store.by_author("urn:uscc:A", place, 10)
        assert mine == rest
        assert await store.by_author("urn:uscc:B", None, 10) == []

    with_store(test)


def test_the_newest_version_of_each_record_is_found(with_store):
    one = RecordKey("declaration", "urn:uscc:A", "one")
    other_issuer = RecordKey("declaration", "urn:uscc:B", "one")

    async def test(store):
        await put(
            store,
            step(
                BEIJING,
                0,
                [
                    statement("v1", record=one),
                    statement("v2", record=one, version=2, prev=digest("v1")),
                    statement("o1", record=other_issuer),
                ],
            ),
        )
        async with store.transaction() as transaction:
            newest = await transaction.find_newest("beijing", [one, other_issuer])
            assert {key: row.statement.jti for key, row in newest.items()} == {
                one: "jti-v2",
                other_issuer: "jti-o1",
            }
            assert await transaction.find_newest("hebei", [one]) == {}
            assert await transaction.find_newest("beijing", []) == {}
            pairs = [("urn:uscc:A", "jti-v1"), ("urn:uscc:B", "jti-v1")]
            assert await transaction.find_jtis("beijing", pairs) == {pairs[0]: digest("v1")}
            assert await transaction.last_received(BEIJING) == 1002
            assert await transaction.last_received(HEBEI) == 0
            assert await transaction.size(BEIJING) == 3
        assert [row.statement.version for row in await store.versions("beijing", one)] == [1, 2]

    with_store(test)


def test_anchors_are_kept_replaced_found_and_dropped(with_store):
    async def test(store):
        for size in (300, 10, 20):
            await store.put_anchor(anchored(BEIJING, size))
        await store.put_anchor(anchored(HEBEI, 15))
        full = anchored(
            BEIJING, 20, checkpoint="note", cosignatures={"w1": "l1", "w2": "l2"}, quorate=True
        )
        await store.put_anchor(full)
        assert await store.anchor(BEIJING, 20) == full
        assert await store.anchor(BEIJING, 21) is None
        assert await store.anchors(BEIJING, 10, 5) == [full, anchored(BEIJING, 300)]
        assert await store.anchors(BEIJING, 0, 1) == [anchored(BEIJING, 10)]
        assert await store.anchor_covering(BEIJING, 9, quorate=False) == anchored(BEIJING, 10)
        assert await store.anchor_covering(BEIJING, 10, quorate=False) == full
        assert await store.anchor_covering(BEIJING, 0, quorate=True) == full
        assert await store.anchor_covering(BEIJING, 20, quorate=True) is None
        assert await store.newest_anchor(BEIJING) == anchored(BEIJING, 300)
        await store.put_anchor(anchored(BEIJING, 20))
        assert await store.anchor(BEIJING, 20) == anchored(BEIJING, 20)
        assert await store.drop_anchors(BEIJING, 10) == 2
        assert await store.newest_anchor(BEIJING) == anchored(BEIJING, 10)
        assert await store.newest_anchor(HEBEI) == anchored(HEBEI, 15)

    with_store(test)


def test_the_outbox_gives_what_is_not_done_in_order_of_nonce(with_store):
    def row(nonce: int, name: str) -> OutboxRow:
        return OutboxRow(
            BEIJING, TreeHead(4, digest("r")), b"\x01" * 20, nonce, name.encode(), digest(name)
        )

    async def test(store):
        for one in (row(2, "c"), row(1, "a"), row(1, "b"), row(1, "a")):
            await store.put_outbox(one)
        sender = b"\x01" * 20
        assert await store.outbox(sender) == [row(1, "a"), row(1, "b"), row(2, "c")]
        await store.finish_outbox(sender, 1)
        assert await store.outbox(sender) == [row(2, "c")]
        # Signed again after the chain was rolled back: the same bytes wait once more.
        await store.put_outbox(row(1, "b"))
        assert await store.outbox(sender) == [row(1, "b"), row(2, "c")]
        assert await store.outbox(b"\x02" * 20) == []

    with_store(test)


def test_meta_and_evidence(with_store):
    async def test(store):
        assert await store.get_meta("cursor") is None
        await store.put_meta("cursor", "1")
        await store.put_meta("cursor", "2")
        assert await store.get_meta("cursor") == "2"
        for body in ("x", "y", "x"):
            await store.add_evidence("fork", "beijing", body, Millis(4))
        await store.add_evidence("finding", "beijing", "x", Millis(5))
        assert await store.evidence("fork") == [
            ("fork", "beijing", "x", 4),
            ("fork", "beijing", "y", 4),
        ]
        assert len(await store.evidence()) == 3

    with_store(test)


def test_more_ids_than_one_query_takes_are_asked_for_in_parts(with_store, monkeypatch):
    monkeypatch.setattr("ledger.store.lookups._MOST_VALUES", 2)

    async def test(store):
        await put(store, step(BEIJING, 0, [statement(name) for name in "abcde"]))
        wanted = [digest(name) for name in "abxcdye"]
        assert await store.known(wanted) == {digest(name) for name in "abcde"}
        assert await store.known([]) == set()

    with_store(test)
