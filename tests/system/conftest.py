"""One running network for the whole of these tests: a sea import, and a log of more than one tile."""

import logging
from dataclasses import dataclass, field

import pytest

from ledger.testing import running_network
from ledger.testing.running import RunningNetwork
from ledger.testing.scenarios import scenario
from tests.system.desk import Desk, Firm, Heard, document

FILES = 300


@dataclass
class Town:
    """The running network, the desk before it and what was posted at the start.

    Attributes:
        files: receipts of the plain documents, in order.
        steps: (step, receipt) of the sea import.
        heard: what the process logged.
    """

    net: RunningNetwork
    desk: Desk
    heard: Heard
    files: list[dict] = field(default_factory=list)
    steps: list[tuple] = field(default_factory=list)

    def of_kind(self, kind: str):
        return next(receipt for step, receipt in self.steps if step.kind == kind)


# For this folder only, as every running network: an idle one still costs a seventh of a processor.
@pytest.fixture(scope="package")
def town():
    heard = Heard()
    logging.getLogger().addHandler(heard)
    with running_network() as net:
        town = Town(net, Desk(net.local.network), heard)
        importer = Firm.party("importer_bj")
        compacts = [
            town.desk.sign(importer, "tianjin", "document", document(f"file {n}"))
            for n in range(FILES)
        ]
        answers = town.desk.post_lines("tianjin", compacts)
        town.files = [answer["receipt"] for answer in answers]
        newest: dict[str, str] = {}
        for step in scenario("S1"):
            receipt = net.post(
                step.party, step.region, step.kind, step.fields, step.version,
                newest.get(step.fields["key"]),
            )  # fmt: skip
            newest[step.fields["key"]] = receipt.id
            town.steps.append((step, receipt))
        net.settle()
        yield town
        town.desk.http.close()
    logging.getLogger().removeHandler(heard)


@pytest.fixture(scope="package")
def desk(town) -> Desk:
    return town.desk
