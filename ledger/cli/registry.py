"""``jjj registry``: what the chain says of regions, logs and keys, and the votes of an authority."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ledger.cli.options import NETWORK_FILE, AsJson, GasPrice, NetworkFile, NodeUrl, Rpc
from ledger.cli.output import answer, answer_members, emit, guarded, say

app = typer.Typer(no_args_is_help=True, help="Read the registry; vote as a region's authority.")
propose = typer.Typer(no_args_is_help=True, help="Propose, as one of the regions.")
approve = typer.Typer(no_args_is_help=True, help="Be the second voice.")
complete = typer.Typer(no_args_is_help=True, help="Carry out what was approved.")
app.add_typer(propose, name="propose")
app.add_typer(approve, name="approve")
app.add_typer(complete, name="complete")

AuthorityKey = Annotated[
    Path,
    typer.Option(
        "--authority",
        envvar="JJJ_AUTHORITY_KEY",
        exists=True,
        dir_okay=False,
        help="Account key of the authority that acts.",
    ),
]
Region = Annotated[str, typer.Option("--region", help="The region it is about.")]
Role = Annotated[
    Literal["log", "cosigner", "anchor", "authority"], typer.Option(help="What the key is for.")
]
NewKey = Annotated[
    str, typer.Option("--new-key", help="A C2SP verifier key, or the address of an account.")
]


@app.command()
@guarded
def show(rpc: Rpc, network: NetworkFile = NETWORK_FILE, as_json: AsJson = False) -> None:
    """Show regions, logs and keys as the chain has them, and what waits for a second voice."""
    state = asyncio.run(_read(network, rpc))
    if as_json:
        emit(state)
        return
    for region in state["regions"]:
        say(f"{region['name']}: authority {region['authority']}, cosigner {region['cosigner']}")
        for log in region["logs"]:
            closed = f"closed at {log['closed']['size']}" if log["closed"] else "open"
            say(f"  {log['origin']}: {closed}, anchored by {log['anchor']}")
            for turn in log["turns"]:
                say(
                    f"    turn proposed by {turn['proposer']}: close at {turn['size']} "
                    f"({turn['root']}), go on as {turn['origin']} under key {turn['log_key']}, "
                    f"anchored by {turn['anchor']}"
                )
        for one in region["replacements"]:
            step = f"ready at {_utc(one['ready_time'])}" if one["approved"] else "not approved yet"
            say(f"  {one['role']} {_shown(one)} proposed by {one['proposer']}, {step}")


@app.command()
@guarded
def sync(rpc: Rpc, network: NetworkFile = NETWORK_FILE, as_json: AsJson = False) -> None:
    """Write into the network file which logs the chain shows closed and opened.

    Every node and gateway reads the file again by itself.
    """
    answer_members(asyncio.run(_sync(network, rpc)), as_json=as_json)


@app.command()
@guarded
def restate(
    rpc: Rpc,
    authority: AuthorityKey,
    network: NetworkFile = NETWORK_FILE,
    gas_price: GasPrice = 0,
    as_json: AsJson = False,
) -> None:
    """Tell a registry that was deployed again what the network file says of logs and turns.

    Does what one region can; says which region has to act next until nothing waits.
    """

    async def work() -> dict[str, Any]:
        from ledger.cli.authority import acting
        from ledger.cli.restating import restate as restated

        async with acting(network, rpc, authority, gas_price) as mine:
            told = await restated(mine)
            return {"by": mine.region.name, "done": told.done, "waiting": told.waiting}

    told = asyncio.run(work())
    lines = [*told["done"], *(f"{log} waits for {who}" for log, who in told["waiting"].items())]
    answer(told, "\n".join(lines or ["nothing waits"]), as_json=as_json)


@propose.command("turn")
@guarded
def propose_turn(
    rpc: Rpc,
    authority: AuthorityKey,
    region: Region,
    log_key: Annotated[str, typer.Option(help="C2SP verifier key of the next log.")],
    size: Annotated[
        int | None, typer.Option(min=1, help="Close here (default: newest anchored checkpoint).")
    ] = None,
    anchor: Annotated[
        str | None, typer.Option(help="Account that anchors the next log (default: the same).")
    ] = None,
    network: NetworkFile = NETWORK_FILE,
    node: NodeUrl = None,
    gas_price: GasPrice = 0,
    as_json: AsJson = False,
) -> None:
    """Propose to close a region's log and open its next one."""

    async def work() -> dict[str, Any]:
        from ledger.cli.authority import acting, read_address
        from ledger.cli.turning import check_reaches, closing_head, turn_of
        from ledger.client import NodeClient
        from ledger.merkle.note import VerifierKey

        # What can be wrong with the call comes before anyone is asked.
        key, given = VerifierKey.parse(log_key), anchor and read_address(anchor)
        async with acting(network, rpc, authority, gas_price) as mine:
            log, entry = mine.network.open_log(region), mine.network.region(region)
            async with NodeClient(node or entry.url) as client:
                closing = await closing_head(client, log, size)
            async with NodeClient(mine.network.region(mine.region.name).url) as own:
                await check_reaches(own, log, closing)
            turn = turn_of(log, closing, key, given or entry.anchor)
            await mine.registry.propose_turn(turn)
            return {
                "proposed": turn.origin,
                "proposer": mine.region.name,
                "size": closing.size,
                "root": closing.root.hex(),
            }

    answer_members(asyncio.run(work()), as_json=as_json)


@approve.command("turn")
@guarded
def approve_turn(
    rpc: Rpc,
    authority: AuthorityKey,
    region: Region,
    proposer: Annotated[str, typer.Option(help="The region that proposed the turn.")],
    network: NetworkFile = NETWORK_FILE,
    node: NodeUrl = None,
    gas_price: GasPrice = 0,
    as_json: AsJson = False,
) -> None:
    """Agree to a turn and carry it out; writes the network file anew. Look at it first with show."""

    async def work() -> dict[str, Any]:
        from ledger.cli.authority import acting
        from ledger.cli.turning import check_reaches, vote_for
        from ledger.client import NodeClient
        from ledger.errors import InputError

        async with acting(network, rpc, authority, gas_price) as mine:
            log, entry = mine.network.open_log(region), mine.network.region(region)
            who = await mine.registry.region_named(proposer)
            turn = await mine.registry.pending_turn(log.origin.log_id, who.number)
            if turn is None:
                raise InputError("turn_unknown", f"{proposer} proposed no turn of {log.origin}")
            async with NodeClient(mine.network.region(mine.region.name).url) as own:
                await check_reaches(own, log, turn.head)
            async with NodeClient(node or entry.url) as client:
                await vote_for(mine, client, log.origin, who.number, turn)
        return {"closed": str(log.origin), "size": turn.head.size, **await _sync(network, rpc)}

    answer_members(asyncio.run(work()), as_json=as_json)


@propose.command("replacement")
@guarded
def propose_replacement(
    rpc: Rpc,
    authority: AuthorityKey,
    region: Region,
    role: Role,
    new_key: NewKey,
    network: NetworkFile = NETWORK_FILE,
    gas_price: GasPrice = 0,
    as_json: AsJson = False,
) -> None:
    """Propose to set a key of another region without it."""
    _replace("propose", network, rpc, authority, gas_price, region, role, new_key, as_json=as_json)


@approve.command("replacement")
@guarded
def approve_replacement(
    rpc: Rpc,
    authority: AuthorityKey,
    region: Region,
    role: Role,
    new_key: NewKey,
    network: NetworkFile = NETWORK_FILE,
    gas_price: GasPrice = 0,
    as_json: AsJson = False,
) -> None:
    """Agree, as the third region, to a key that was proposed; the delay begins."""
    _replace("approve", network, rpc, authority, gas_price, region, role, new_key, as_json=as_json)


@complete.command("replacement")
@guarded
def complete_replacement(
    rpc: Rpc,
    authority: AuthorityKey,
    region: Region,
    role: Role,
    new_key: NewKey,
    network: NetworkFile = NETWORK_FILE,
    gas_price: GasPrice = 0,
    as_json: AsJson = False,
) -> None:
    """Set an approved key after its delay."""
    _replace("complete", network, rpc, authority, gas_price, region, role, new_key, as_json=as_json)


def _shown(replacement: dict[str, Any]) -> str:
    """The new key; of an account, which the registry keeps in 32 bytes, the address as its file says it."""
    key: str = replacement["key"]
    return (
        f"account {key[-40:]}" if replacement["role"] in {"anchor", "authority"} else f"key {key}"
    )


def _utc(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _replace(
    step: Literal["propose", "approve", "complete"],
    network: Path,
    rpc: str,
    authority: Path,
    gas_price: int,
    region: str,
    role: str,
    key: str,
    *,
    as_json: bool,
) -> None:
    async def work() -> dict[str, Any]:
        from ledger.cli.authority import ROLES, acting, new_key

        async with acting(network, rpc, authority, gas_price) as mine:
            target = (await mine.registry.region_named(region)).number
            steps = {
                "propose": mine.registry.propose_replacement,
                "approve": mine.registry.approve_replacement,
                "complete": mine.registry.complete_replacement,
            }
            await steps[step](target, ROLES[role], new_key(ROLES[role], key))
            return {"step": step, "by": mine.region.name, "region": region, "role": role}

    answer_members(asyncio.run(work()), as_json=as_json)


async def _read(network: Path, rpc: str) -> dict[str, Any]:
    from ledger.cli.authority import registry_json, viewing

    async with viewing(network, rpc) as (_, view):
        return await registry_json(view)


async def _sync(path: Path, rpc: str) -> dict[str, Any]:
    from ledger.chain.network import write_network
    from ledger.cli.authority import viewing
    from ledger.cli.turning import synced

    async with viewing(path, rpc) as (network, view):
        fresh = await synced(network, view)
    if fresh != network:
        write_network(path, fresh)
    return {"file": str(path), "changed": fresh != network, "logs": len(fresh.logs)}
