"""A chain that takes nothing for too long closes intake, in so many words; the first anchors open it."""

import asyncio

from ledger.anchoring import Outcome
from ledger.testing.local import local_network
from tests.system.play import Play


def test_intake_closes_until_what_waits_is_anchored(tmp_path):
    async def run() -> None:
        # The workers look once as they start, and then not again before the test is over.
        slow = {"anchor_interval": 3600.0, "outage_limit": 0.5}
        async with local_network(tmp_path, settings=slow) as local:
            await local.register_parties()
            node, play = local.nodes["beijing"], Play(local, {})
            await play.post("beijing", play.file("beijing", "waits"))
            assert node.readiness()["ready"]
            await asyncio.sleep(0.6)
            await node._outage.look()
            refused = await asyncio.to_thread(
                play.desk.post, "beijing", play.file("beijing", "too late")
            )
            assert (refused.status_code, refused.json()["code"]) == (503, "anchoring_late")
            assert refused.headers["retry-after"] == "60"
            state = await asyncio.to_thread(play.desk.get, "beijing", "/readyz")
            assert state.status_code == 503
            assert state.json()["anchoring"]["code"] == "anchoring_late"
            assert state.json()["anchoring"]["waiting"] > 0.5
            # Readers are served meanwhile, and the other regions take records.
            assert (
                await asyncio.to_thread(play.desk.get, "beijing", "/network")
            ).status_code == 200
            await play.post("hebei", play.file("hebei", "meanwhile"))
            while await node._anchorer.step() is not Outcome.IDLE:
                pass
            await node._outage.look()
            assert node.readiness()["ready"]
            await play.post("beijing", play.file("beijing", "in time"))
            play.desk.http.close()

    asyncio.run(run())
