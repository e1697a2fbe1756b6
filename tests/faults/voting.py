"""An epoch turn as people carry it out: the region makes its next key, the two others vote with ``jjj``."""

import asyncio
import json
from pathlib import Path

from ledger.keys.account import write_account_key
from ledger.keys.demo import demo_account
from tests.faults.lab import REGIONS, Lab
from tests.unit.cli.calling import good

HOME = "tianjin"
PROPOSER, APPROVER = (name for name in REGIONS if name != HOME)


def write_authorities(made: Lab) -> None:
    """Each region's authority has its account key in a file of its own."""
    for region in REGIONS:
        write_account_key(authority(made, region), demo_account(f"{region}/authority"))


def authority(made: Lab, region: str) -> Path:
    return made.folder / f"authority-{region}.key"


def network_file(made: Lab) -> Path:
    return made.folder / "network.json"


def network_name(made: Lab) -> str:
    return json.loads(network_file(made).read_text())["network"]


async def propose(made: Lab) -> None:
    """The region makes its next key; another one proposes to close the log at its newest anchored head."""
    key = made.folder / "keys" / HOME / "log-2.key"
    place = ("--network-name", network_name(made), "--region", HOME, "--epoch", "2")
    said = await asyncio.to_thread(good, "keys", "make", "log", *place, "--out", key, "--json")
    vkey = json.loads(said.out)["vkey"]
    vote = ("registry", "propose", "turn", *_vote(made, made.rpc, PROPOSER), "--log-key", vkey)
    await asyncio.to_thread(good, *vote, *_node(made))


def approve(made: Lab, rpc: str) -> tuple[str | Path, ...]:
    """The call with which the third region agrees, over that node of the chain."""
    voice = ("--proposer", PROPOSER, *_node(made))
    return ("registry", "approve", "turn", *_vote(made, rpc, APPROVER), *voice)


def _node(made: Lab) -> tuple[str, ...]:
    return () if made.processes[HOME].pid else ("--node", made.url(APPROVER))


def _vote(made: Lab, rpc: str, region: str) -> tuple[str | Path, ...]:
    who = ("--authority", authority(made, region), "--region", HOME)
    return ("--rpc", rpc, *who, "--network", network_file(made))
