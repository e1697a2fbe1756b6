"""What `jjj demo` prints for people: where everything is, what verified, what failed, what to try next."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ledger.cli.outcome import Outcome
from ledger.testing.local import LocalNetwork
from ledger.testing.story import BILL, Posted
from ledger.verify.report import Report, State

CARRIED_AWAY, TAMPERED = "shipment.bundle.json", "tampered.bundle.json"
POLICY = "policy.json"


def page_of(url: str) -> str:
    """Address of the shipment's page."""
    return f"{url}/search?q={BILL}"


def greet(console: Console, local: LocalNetwork, url: str) -> None:
    """Say where page, regions and chain are."""
    console.print(
        "[bold]Jing-Jin-Ji Customs Ledger · 京津冀通关账本[/] DEMO: invented firms, public keys"
    )
    grid = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    grid.add_row("page", f"[bold]{page_of(url)}[/]")
    for region in local.network.regions:
        grid.add_row(region.name, region.url)
    chain = local.network.chain
    grid.add_row(
        "chain", f"{local.rpc_url}  id {chain.chain_id}  TreeHeadLedger 0x{chain.address.hex()}"
    )
    for authority, node in local.chain_nodes.items():
        grid.add_row("", f"{node}  validator of {authority}")
    grid.add_row("network", local.network.name)
    console.print(grid)


def tell_verdicts(console: Console, posted: Sequence[Posted], report: Report) -> None:
    """The table of what verified."""
    verdicts = {one.id: one for one in report.records}
    table = Table(
        title=f"{BILL}: {len(posted)} records posted, verified offline", title_justify="left"
    )
    table.add_column("record", overflow="ellipsis", no_wrap=True, max_width=36)
    for title in ("v", "region", "log", "verdict"):
        table.add_column(title, no_wrap=True)
    for one in posted:
        found = verdicts.get(one.receipt.id)
        verdict = found.verdict.value if found else "missing"
        colour = "green" if verdict == "passed" else "red"
        place = f"#{one.receipt.index}"
        table.add_row(one.key, str(one.version), one.region, place, f"[{colour}]{verdict}[/]")
    console.print(table)


def tell_tampering(console: Console, outcome: Outcome) -> None:
    """What was changed in which database, and which records fail by it."""
    change = outcome.tampering
    what = f"{change.field} of the {change.kind}"
    if change.by_earlier_run:
        said = f"An earlier run had changed {what} in {change.region}'s database to {change.after}"
    else:
        said = (
            f"Now {what} was changed in {change.region}'s database: "
            f"{change.before} → {change.after}"
        )
    console.print(f"\n{said}")
    for record in outcome.after.records:
        if record.verdict is State.FAILED:
            check = next(one for one in record.checks if one.state is State.FAILED)
            console.print(f"[red]✕ {record.fields.get('key')}[/] {check.reason}")
    passed = sum(one.verdict is State.PASSED for one in outcome.after.records)
    console.print(f"[green]✓ {passed} other records still verify[/]")


def tell_what_to_try(console: Console, folder: Path, url: str, outcome: Outcome) -> None:
    """Lines to be run as they are, in any folder."""
    program = Path(sys.executable).with_name("jjj")
    policy = shlex.quote(str(folder / POLICY))

    def verify(file: str) -> str:
        words = (str(program), "verify", str(folder / file))
        return f"{shlex.join(words)} --policy {policy}"

    evidence = f"{url}/api/records/{outcome.tampering.statement}/bundle"
    console.print("\nTry:")
    for line in (
        f"{verify(CARRIED_AWAY)}   # carried away before: passes",
        f"{verify(TAMPERED)}   # fetched after: names it",
        f"curl '{url}/api/search?q=DEMU0000016'   # every record of that container's journey",
        f"curl '{evidence}'   # the evidence of the record that was changed",
    ):
        console.print(f"  {line}", soft_wrap=True, highlight=False)
