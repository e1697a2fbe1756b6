"""A mirror with no checkpoint yet for one record of a silent region: it answered, and proves the others."""

import pytest

from ledger.client import NodeClient
from ledger.errors import UnavailableError
from tests.unit.gateway.conftest import Site

NUMBER = "DEMU0000016"


class Young(NodeClient):
    """A mirror with no checkpoint that covers these."""

    def __init__(self, url, *, region, seconds, uncovered):
        super().__init__(url, region=region, seconds=seconds)
        self._uncovered = uncovered

    async def bundles(self, statements):
        if self._uncovered & set(statements):
            raise UnavailableError("checkpoint_missing", "no checkpoint covers this record yet")
        return await super().bundles(statements)


class YoungSite(Site):
    """A gateway before mirrors of that kind."""

    def __init__(self, network, uncovered):
        super().__init__(network)
        self._uncovered = uncovered

    def _connect(self, region, url):
        if region in self.silent or region not in self._uncovered:
            return super()._connect(region, url)
        uncovered = self._uncovered[region]
        return Young(url, region=region, seconds=30, uncovered=uncovered)


@pytest.mark.parametrize("mirrors", [("beijing",), ("beijing", "tianjin")])
def test_what_a_mirror_cannot_prove_yet_hides_nothing_else(local_ledger, story, mirrors):
    ours = [one.receipt.id for one in story if one.region == "hebei"]
    assert len(ours) >= 2
    site = YoungSite(local_ledger, {name: {ours[1]} for name in mirrors})
    site.silent.add("hebei")
    try:
        body = site.get(f"/api/dossier?q={NUMBER}").json()
    finally:
        local_ledger.run(site.app.state.door.close())
    # The mirrors answered, though not with this.
    assert {one["region"]: one["answered"] for one in body["regions"]} == {
        "beijing": True,
        "tianjin": True,
        "hebei": False,
    }
    assert body["report"]["verdict"] == "unknown"
    proven = {one["id"] for one in body["report"]["records"] if one["verdict"] == "passed"}
    missing = set() if len(mirrors) == 1 else {ours[1]}
    assert set(ours) - proven == missing
