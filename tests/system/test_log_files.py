"""Each log read as any C2SP client would: a small reader of its own, sharing no code with the ledger."""

import base64
import hashlib
import json

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.system.desk import REGIONS

IMMUTABLE = "public, max-age=31536000, immutable"


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def root_of(hashes: list[bytes]) -> bytes:
    """RFC 9162 section 2.1.1."""
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return sha(b"\x01" + root_of(hashes[:split]) + root_of(hashes[split:]))


def tile_name(index: int, width: int) -> str:
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03d}")
    return "/".join(groups) + (f".p/{width}" if width < 256 else "")


class Note:
    """A signed note: text, and signatures by key name."""

    def __init__(self, note: str) -> None:
        text, _, signatures = note.partition("\n\n")
        self.text = text + "\n"
        self.lines = {}
        for line in signatures.splitlines():
            dash, name, signature = line.split(" ")
            assert dash == "—"
            self.lines[name] = base64.b64decode(signature, validate=True)

    @property
    def origin(self) -> str:
        return self.text.split("\n")[0]

    @property
    def size(self) -> int:
        return int(self.text.split("\n")[1])

    @property
    def root(self) -> bytes:
        return base64.b64decode(self.text.split("\n")[2], validate=True)

    def check(self, vkey: str) -> int | None:
        """The time of a cosignature, None of a log's signature; raises where it does not hold."""
        name, key_hash, rest = vkey.split("+", 2)
        algorithm, public = (raw := base64.b64decode(rest))[0], raw[1:]
        assert sha(name.encode() + b"\n" + raw)[:4].hex() == key_hash
        given = self.lines[name]
        assert given[:4].hex() == key_hash
        key = Ed25519PublicKey.from_public_bytes(public)
        if algorithm == 1:
            key.verify(given[4:], self.text.encode())
            return None
        assert algorithm == 4
        time = int.from_bytes(given[4:12], "big")
        key.verify(given[12:], f"cosignature/v1\ntime {time}\n{self.text}".encode())
        return time


def entries_of(data: bytes) -> list[bytes]:
    found = []
    while data:
        size = int.from_bytes(data[:2], "big")
        found.append(data[2 : 2 + size])
        assert len(found[-1]) == size
        data = data[2 + size :]
    return found


class Client:
    """Reads one log below its URL, level by level."""

    def __init__(self, desk, node: str, region: str) -> None:
        self.desk, self.node, self.base = desk, node, f"/logs/{region}/1"

    def get(self, path: str, status: int = 200):
        answer = self.desk.get(self.node, f"{self.base}/{path}")
        assert answer.status_code == status, (path, answer.text)
        return answer

    def note(self, size: int | None = None) -> Note:
        answer = self.get("checkpoint" if size is None else f"checkpoint/{size}")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        # It changes with each anchor and each cosignature.
        assert answer.headers["cache-control"] == "no-cache"
        return Note(answer.text)

    def level(self, level: int, count: int, entries: bool = False) -> list[bytes]:
        """All hashes of a level (or all entries), full tiles and the partial one."""
        found = []
        for start in range(0, count, 256):
            width = min(256, count - start)
            name = tile_name(start // 256, width)
            answer = self.get(f"tile/entries/{name}" if entries else f"tile/{level}/{name}")
            assert answer.headers["cache-control"] == IMMUTABLE, name
            assert answer.headers["content-type"] == "application/octet-stream"
            data = answer.content
            found += (
                entries_of(data) if entries else [data[i : i + 32] for i in range(0, len(data), 32)]
            )
            assert len(found) == start + width
        return found


@pytest.fixture(scope="module")
def network(town, desk):
    town.net.settle()
    return json.loads(desk.get("beijing", "/network").content)


@pytest.mark.parametrize("node", REGIONS)
@pytest.mark.parametrize("region", REGIONS)
def test_a_whole_log_is_read_and_its_root_recomputed(desk, network, node, region):
    client = Client(desk, node, region)
    note = client.note()
    log = next(one for one in network["logs"] if one["origin"] == note.origin)
    note.check(log["key"])
    entries = client.level(0, note.size, entries=True)
    hashes = [sha(b"\x00" + entry) for entry in entries]
    assert root_of(hashes) == note.root
    assert client.level(0, note.size) == hashes
    # Upper tiles: each entry is the root over a full tile below.
    level, below = 1, hashes
    while len(below) >= 256:
        above = [root_of(below[i : i + 256]) for i in range(0, len(below) - 255, 256)]
        assert client.level(level, len(above)) == above
        level, below = level + 1, above
    assert level == (2 if region == "tianjin" else 1)
    lines = [json.loads(entry) for entry in entries]
    assert all(set(line) == {"prev", "received", "statement", "v"} for line in lines)
    assert len({line["statement"] for line in lines}) == note.size
    times = [line["received"] for line in lines]
    assert times == sorted(times)


@pytest.mark.parametrize("region", REGIONS)
def test_every_anchored_checkpoint_has_the_logs_signature_and_both_other_regions(
    desk, network, town, region
):
    log = next(one for one in network["logs"] if f"/{region}/" in one["origin"])
    keys = {one["name"]: one["witness"] for one in network["regions"]}
    node = town.net.local.nodes[region]
    rows = town.net.run(node.store.anchors(node.sealer.origin, 0, 1000))
    assert rows
    for size in [row.facts.head.size for row in rows]:
        for at in REGIONS:
            note = Client(desk, at, region).note(size)
            assert note.size == size
            note.check(log["key"])
            times = [note.check(keys[other]) for other in REGIONS if other != region]
            assert all(times)
            # A region never stands among its own witnesses.
            assert keys[region].split("+")[0] not in note.lines
            assert len(note.lines) == 3


def test_a_changed_byte_breaks_every_signature(desk, network):
    note = Client(desk, "hebei", "tianjin").note()
    log = next(one for one in network["logs"] if one["origin"] == note.origin)
    note.text = note.text.replace(f"\n{note.size}\n", f"\n{note.size + 1}\n")
    with pytest.raises(InvalidSignature):
        note.check(log["key"])
    for one in network["regions"]:
        if one["witness"].split("+")[0] in note.lines:
            with pytest.raises(InvalidSignature):
                note.check(one["witness"])


@pytest.mark.parametrize("node", ["tianjin", "hebei"])
def test_partial_tiles_of_any_width_are_the_beginning_of_the_full_one(desk, network, node):
    client = Client(desk, node, "tianjin")
    full = client.get("tile/0/000").content
    bundle = client.get("tile/entries/000").content
    assert len(full) == 8192
    for width in (1, 2, 7, 128, 255):
        partial = client.get(f"tile/0/000.p/{width}")
        assert partial.content == full[: 32 * width]
        assert partial.headers["cache-control"] == IMMUTABLE
        held = client.get(f"tile/entries/000.p/{width}").content
        assert bundle.startswith(held)
        assert len(entries_of(held)) == width
    assert client.get("tile/1/000.p/1").content == root_of(
        [full[i : i + 32] for i in range(0, 8192, 32)]
    )


def test_entry_bundles_are_compressed_for_whoever_asks(desk, network):
    plain = Client(desk, "hebei", "tianjin").get("tile/entries/000").content
    asked = [
        ("gzip", True),
        ("identity", False),
        ("br, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, identity", False),
        ("", False),
    ]
    for accepted, compressed in asked:
        answer = desk.get(
            "hebei",
            "/logs/tianjin/1/tile/entries/000",
            headers={"Accept-Encoding": accepted},
        )
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers.get("content-encoding") == ("gzip" if compressed else None), accepted
        # The client has unpacked it; what went over the wire was shorter.
        assert answer.content == plain
        length = int(answer.headers["content-length"])
        assert length < len(plain) * 0.8 if compressed else length == len(plain)


@pytest.mark.parametrize("node", REGIONS)
def test_beyond_the_log_there_is_nothing(desk, network, town, node):
    client = Client(desk, node, "tianjin")
    held = town.net.run(
        town.net.local.nodes[node].store.size(town.net.local.network.open_log("tianjin").origin)
    )
    assert 256 < held < 512
    for path in (
        "tile/0/001", "tile/0/002.p/1", f"tile/0/001.p/{held - 255}", "tile/1/000", "tile/1/000.p/2",
        "tile/2/000.p/1", "tile/entries/001", f"tile/entries/001.p/{held - 255}", "checkpoint/999999",
        "cosignature/999999", "tile/0/x001/000",
    ):  # fmt: skip
        problem = client.get(path, 404).json()
        assert problem["code"] == "not_found", path
    other = desk.get(node, "/logs/tianjin/2/checkpoint")
    assert other.status_code == 404


def test_the_head_that_is_served_is_anchored_and_never_goes_back(desk, network, town):
    sizes = []
    for node in REGIONS:
        note = Client(desk, node, "tianjin").note()
        row = town.net.run(
            town.net.local.nodes[node].store.anchor(
                town.net.local.network.open_log("tianjin").origin, note.size
            )
        )
        assert row is not None
        assert row.facts.head.root == note.root
        sizes.append(note.size)
    assert len(set(sizes)) == 1
