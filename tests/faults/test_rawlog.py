"""The checker's own hashing against answers that others published; else it could agree with our mistake."""

import base64

import pytest

from tests.faults import rawlog

# The leaves and the root of the eight-leaf tree of the Certificate Transparency test data.
LEAVES = [
    bytes.fromhex(one)
    for one in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOT = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
HASHES = [rawlog.leaf_hash(one) for one in LEAVES]


def test_root_of_the_published_tree():
    assert rawlog.roots(HASHES)[8].hex() == ROOT


def test_a_path_leads_to_the_root_and_no_other_leaf_does():
    left = rawlog.node_hash(HASHES[4], HASHES[5])
    path = [HASHES[7], left, rawlog.roots(HASHES[:4])[4]]
    assert rawlog.root_by_path(HASHES[6], 6, 8, path).hex() == ROOT
    assert rawlog.root_by_path(HASHES[5], 6, 8, path).hex() != ROOT
    with pytest.raises(rawlog.BrokenError):
        rawlog.root_by_path(HASHES[6], 6, 8, path[:-1])
    with pytest.raises(rawlog.BrokenError):
        rawlog.root_by_path(HASHES[6], 6, 8, [*path, ROOT.encode()])


def test_a_signature_over_other_text_is_refused():
    key = rawlog.Key("log", rawlog.LOG_KEY, bytes(32))
    line = base64.b64encode(key.hash + bytes(64)).decode()
    note = f"log\n1\n{base64.b64encode(bytes(32)).decode()}\n\n— log {line}\n"
    with pytest.raises((rawlog.BrokenError, ValueError)):
        rawlog.Checkpoint.of(note).signed_by(key)
    other = rawlog.Key("other", rawlog.LOG_KEY, bytes(32))
    assert not rawlog.Checkpoint.of(note).signed_by(other)
