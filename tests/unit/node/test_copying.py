"""Which copies the settings ask for, and what has to be there for them."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from ledger.errors import InputError, VerificationError
from ledger.keys.demo import demo_log_key, demo_recovery_key
from ledger.mirroring import FetchedCopies, Holders
from ledger.node.copying import choose_copies, sealing_batches
from ledger.node.opening import World
from ledger.sealing.copies import NoCopies
from ledger.settings import NodeSettings
from tests.unit.chain.test_network import NAME, sample
from tests.unit.mirroring.holding import SeededRandom

PEERS = [SimpleNamespace(region="hebei"), SimpleNamespace(region="tianjin")]
KEY = demo_recovery_key("beijing").public_key


def settings(**how) -> NodeSettings:
    paths = {name: name for name in ("network_file", "data_dir", "lock_dir", "keys_dir")}
    return NodeSettings(region="beijing", **paths, **how)


def book(recovery: bytes | None, name: str = NAME):
    regions = [replace(one, recovery=recovery) for one in sample().regions]
    return SimpleNamespace(network=replace(sample(), regions=tuple(regions), name=name))


def chosen(peers=PEERS, recovery=KEY, **how):
    world = World(clock=None, random=None, tasks=None, store=None, head_lock=None)
    return choose_copies(settings(**how), book(recovery), peers, world, feed=None)


def test_each_setting_has_its_copies():
    assert isinstance(chosen(), Holders)
    assert isinstance(chosen(copies=0), FetchedCopies)
    assert isinstance(chosen(copies=0, recovery=None), FetchedCopies)
    # One region by itself: nobody who could be late.
    assert isinstance(chosen(copies=0, peers=[]), NoCopies)


def test_what_a_copy_needs_is_named():
    with pytest.raises(InputError, match="recovery_key_missing") as refused:
        chosen(recovery=None)
    assert refused.value.path == "/copies"
    with pytest.raises(InputError, match="copies_impossible"):
        chosen(peers=[])


def test_a_batch_is_sealed_to_the_key_that_the_network_file_names_then():
    random, peer = SeededRandom("batches"), demo_log_key(f"{NAME}/beijing/peer")
    named = book(None)
    batch = sealing_batches(named, "beijing", peer, random)
    assert batch() is None
    named.network = book(KEY).network
    assert batch() is not None


def test_a_key_that_is_none_or_known_to_all_is_refused_at_the_start():
    peer, random = demo_log_key(f"{NAME}/beijing/peer"), SeededRandom("keys")
    with pytest.raises(VerificationError, match="sealed_key"):
        sealing_batches(book(bytes(32)), "beijing", peer, random)
    with pytest.raises(InputError, match="key_publicly_known"):
        sealing_batches(book(KEY, "jjj-1a2b3c4d"), "beijing", peer, random)
