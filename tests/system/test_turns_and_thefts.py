"""An epoch turn in the middle of posting, a stolen anchor key and a restored database, on one real chain."""

import asyncio
import json
import shutil
import sqlite3

import pytest

from ledger.client import Receipt
from ledger.errors import FatalError, UnavailableError
from ledger.merkle.checkpoint import open_checkpoint
from ledger.merkle.hashing import leaf_hash
from ledger.merkle.proof import parse_proof
from ledger.merkle.proofs import check_inclusion
from ledger.node.opening import open_world
from ledger.node.world import AsyncioTasks, SystemClock, SystemRandom
from ledger.settings import NodeSettings
from ledger.testing.local import local_network
from ledger.values import Origin
from ledger.verify.policy import policy_from_network
from ledger.verify.report import State
from tests.system.play import Play, judge, theft, turn_in_the_middle


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The whole play, told by what it saw; about half a minute."""
    told: dict = {}
    asyncio.run(whole(tmp_path_factory.mktemp("play"), told))
    return told


async def whole(folder, told) -> None:
    async with local_network(folder) as local:
        await local.register_parties()
        play = Play(local, told)
        await turn_in_the_middle(play)
        await theft(play)
        await spoilt_network_file(play)
        told["kept"] = await play.post("beijing", play.file("beijing", "in the copy"))
        await local.settle()
        copied(folder / "beijing" / "ledger.sqlite", folder / "copy.sqlite")
        told["lost compact"] = play.file("beijing", "after the copy")
        told["lost"] = await play.post("beijing", told["lost compact"])
        await local.settle()
        told["second node"] = await second_node(local)
    for file in (folder / "beijing").glob("ledger.sqlite*"):
        file.unlink()
    shutil.copy(folder / "copy.sqlite", folder / "beijing" / "ledger.sqlite")
    async with local_network(folder) as local:
        await restored(Play(local, told))


async def spoilt_network_file(play: Play) -> None:
    """Somebody saves half of the network file while the nodes run."""
    file, node = play.local.network_file, play.local.nodes["beijing"]
    whole = file.read_bytes()
    file.write_bytes(whole[:500])
    await play.until(lambda: node.readiness()["network_file"] is not None)
    play.told["fault"] = node.readiness()["network_file"]
    play.told["meanwhile"] = await play.post("beijing", play.file("beijing", "meanwhile"))
    file.write_bytes(whole)
    await play.until(lambda: node.readiness()["network_file"] is None)


def copied(source, target) -> None:
    one, other = sqlite3.connect(source), sqlite3.connect(target)
    one.backup(other)
    one.close()
    other.close()


async def second_node(local) -> str:
    settings = NodeSettings(
        region="beijing",
        network_file=local.network_file,
        data_dir=local.folder / "elsewhere",
        lock_dir=local.folder / "locks" / "beijing",
        keys_dir=local.folder,
        copies=0,
    )
    try:
        await open_world(settings, SystemClock(), SystemRandom(), AsyncioTasks())
    except FatalError as error:
        return error.code
    return "opened"


async def restored(play: Play) -> None:
    told, local = play.told, play.local
    desk = play.desk
    get = asyncio.to_thread
    told["readyz"] = await get(desk.get, "beijing", "/readyz")
    told["lost again"] = await play.post("beijing", told["lost compact"])
    told["lost view at home"] = await get(desk.get, "beijing", f"/records/{told['lost'].id}")
    await local.settle()
    told["anchoring after"] = local.nodes["beijing"].readiness()["anchoring"]
    told["others ready"] = {
        name: (await get(desk.get, name, "/readyz")).json() for name in ("tianjin", "hebei")
    }
    told["post to copy"] = await play.post("beijing", play.file("beijing", "goes on"))
    told["kept view"] = await get(desk.get, "beijing", f"/records/{told['kept'].id}")
    told["lost view"] = await get(desk.get, "hebei", f"/records/{told['lost'].id}")
    told["lost bundle"] = await play.bundle("hebei", told["lost"].id)
    # Epochs go on after a restart, and so do their posts.
    told["after restart"] = {
        name: await play.post(name, play.file(name, "after the restart"))
        for name in ("tianjin", "hebei")
    }
    origin = play.origin("beijing")
    told["copy size"] = await local.nodes["beijing"].store.size(origin)
    told["network"] = local.network_file.read_bytes()
    desk.http.close()


def check_receipt(receipt: Receipt, network: bytes) -> None:
    """A receipt proves itself under the key that the network file names."""
    logs = policy_from_network(json.loads(network)).logs
    log = next(one for one in logs if str(one.origin) == receipt.origin)
    proof = parse_proof(receipt.proof)
    checkpoint, _ = open_checkpoint(proof.checkpoint, log.key)
    assert json.loads(receipt.leaf)["statement"] == receipt.id
    check_inclusion(
        leaf_hash(receipt.leaf.encode()), receipt.index, checkpoint.head, list(proof.hashes)
    )


# --- the epoch turn


def test_everything_posted_during_the_turn_is_logged_and_most_of_it_at_once(told):
    refused = [one for one in told["during"].values() if not isinstance(one, Receipt)]
    assert not [one for one in refused if not isinstance(one, UnavailableError)], refused
    origins = {one.origin for one in told["during"].values() if isinstance(one, Receipt)}
    epochs = {Origin.parse(origin).epoch for origin in origins}
    # Both epochs were posted to: the turn was in the middle.
    assert epochs == {1, 2}
    for compact, receipt in told["during"].items():
        again = told["again"][compact]
        check_receipt(again, told["new network"])
        if isinstance(receipt, Receipt):
            check_receipt(receipt, told["new network"])
            assert again.id == receipt.id


def test_each_statement_counts_once_where_the_closing_left_it(told):
    closing = told["closing"].size
    for compact, receipt in {**told["before"], **told["during"]}.items():
        again = told["again"][compact]
        epoch = Origin.parse(again.origin).epoch
        if isinstance(receipt, Receipt) and receipt.origin == told["old origin"]:
            if receipt.index < closing:
                assert (again.origin, again.index) == (receipt.origin, receipt.index)
            else:
                # Logged after the closing size: logged again first in the next epoch, id unchanged.
                assert epoch == 2
        else:
            assert epoch == 2
    places = [(one.origin, one.index) for one in told["again"].values()]
    assert len(set(places)) == len(places)
    assert sum(1 for origin, index in places if origin == told["old origin"]) > 20


def test_version_2_of_a_record_of_the_closed_log_is_accepted_in_the_next(told):
    assert told["first"].origin == told["old origin"]
    assert Origin.parse(told["second"].origin).epoch == 2
    # Not in this log: the statement's own prev names it.
    assert json.loads(told["second"].leaf)["prev"] == -1


def test_old_bundles_still_pass_and_those_of_the_new_epoch_too(told):
    for network in ("old network", "new network", "after theft network", "network"):
        assert judge(told[network], told["old bundle"]).verdict is State.PASSED, network
    epochs = set()
    for bundle in [*told["bundles"].values(), told["mirrored"]]:
        report = judge(told["new network"], bundle)
        assert report.verdict is State.PASSED, report
        epochs.add(Origin.parse(report.records[0].origin).epoch)
    assert epochs == {1, 2}
    # Whoever still holds the policy of before the turn cannot tell of the new log: not a good verdict.
    new = judge(told["old network"], told["bundles"][told["second"].id])
    assert new.verdict is not State.PASSED


def test_a_bundle_of_the_new_epoch_carries_the_registration_of_the_old_one(told):
    bundle = json.loads(told["bundles"][told["second"].id])
    notes = [parse_proof(one["proof"]).checkpoint for one in bundle["operators"]]
    assert {note.split("\n")[0] for note in notes} == {told["old origin"]}


def test_the_closed_log_is_served_up_to_its_closing_head(told):
    size = int(told["old log"].split(b"\n")[1])
    assert size >= told["closing"].size


def test_a_spoilt_network_file_leaves_the_last_one_in_force_and_is_told(told):
    assert told["fault"].startswith("json_")
    check_receipt(told["meanwhile"], told["network"])


def test_anchoring_goes_on_in_the_next_epoch(told):
    """Nothing of the closed log (a refused anchor, an alarm after it) holds the next one up."""
    for anchoring in (told["settled"], told["cured and settled"]):
        assert anchoring["anchored"] == anchoring["signed"] > 0
        assert anchoring["backlog"] == 0
    assert told["settled"]["alarm"] is None
    # The thief used the account, which stays worth an alarm; the work goes on beside it.
    assert told["cured and settled"]["alarm"] == "anchor_nonce_foreign"


# --- the theft


def test_the_holder_of_an_anchor_key_is_bound_by_the_contract(told):
    assert told["refused"] == {
        "too far": "TreeGrowthTooLarge",
        "without proof": "ConsistencyProofTooShort",
        "rewritten leaf": "ConsistencyOldRootDiffers",
        "rewritten leaf, honest proof": "ConsistencyNewRootDiffers",
        "same size": "TreeRootDiffers",
        "smaller": "TreeSizeSmaller",
        "empty": "TreeSizeZero",
        "another region's log": "AnchorAccountWrong",
        "no log at all": "LogUnknown",
    }


def test_an_invented_head_is_an_alarm_that_stops_anchoring_and_is_never_cosigned(told):
    stolen, on_chain = told["stolen"]
    assert on_chain == stolen
    assert told["alarm"] == "anchor_foreign_head"
    assert told["sent after the theft"] == 0
    [(_, subject, body, _)] = told["theft evidence"]
    assert "/hebei/1" in subject
    assert str(stolen.size) in body
    for row in told["stolen rows"]:
        # Every region sees the event; none has a checkpoint or a cosignature for it.
        assert row is not None
        assert (row.checkpoint, row.cosignatures, row.quorate) == (None, {}, False)
    assert told["honest next"] == "TreeSizeSmaller"


def test_two_regions_cure_the_theft_and_nothing_honest_is_lost(told):
    network = told["after theft network"]
    assert judge(network, told["honest bundle"]).verdict is State.PASSED
    assert Origin.parse(told["cured"].origin).epoch == 2
    for bundle in told["cured bundles"]:
        report = judge(network, bundle)
        assert report.verdict is State.PASSED, report
        assert report.records[0].origin.endswith("/hebei/2")


# --- a copy of the database


def test_a_second_node_on_one_region_is_refused(told):
    assert told["second node"] == "head_lock_held"


def test_a_restored_copy_fetches_what_it_lost_and_goes_on(told):
    assert told["readyz"].status_code == 200
    assert all(one["ready"] for one in told["others ready"].values()), told["others ready"]
    lost, again = told["lost"], told["lost again"]
    assert (again.id, again.origin, again.index, again.received, again.leaf) == (
        lost.id, lost.origin, lost.index, lost.received, lost.leaf,
    )  # fmt: skip
    check_receipt(again, told["network"])
    assert told["post to copy"].index == lost.index + 1
    assert told["copy size"] == lost.index + 2


def test_what_it_anchored_before_is_adopted(told):
    anchoring = told["anchoring after"]
    assert (anchoring["alarm"], anchoring["backlog"]) == (None, 0)


def test_a_restored_copy_still_answers_and_so_do_the_mirrors(told):
    assert told["kept view"].status_code == 200
    assert told["kept view"].json()["status"] == "witnessed"
    assert told["lost view"].status_code == 200
    assert told["lost view at home"].status_code == 200
    assert judge(told["network"], told["lost bundle"]).verdict is State.PASSED


def test_the_other_regions_go_on_in_their_epochs_after_a_restart(told):
    for receipt in told["after restart"].values():
        assert Origin.parse(receipt.origin).epoch == 2
        check_receipt(receipt, told["network"])
