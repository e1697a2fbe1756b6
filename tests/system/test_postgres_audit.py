"""``jjj audit`` on a region that keeps its records in PostgreSQL: clean, then naming what was changed."""

import asyncio

from ledger.cli.auditing import audit
from ledger.keys.account import write_account_key
from ledger.keys.demo import demo_account, demo_log_key
from ledger.settings import NodeSettings
from ledger.testing import example_invoice
from ledger.testing.local import local_network
from ledger.values import witness_name

REGION = "tianjin"
ALTERED = {
    "/fields/": (
        "UPDATE statement SET disclosures = overlay(disclosures PLACING 'AAAA' FROM 31)"
        " WHERE id = '\\x{id}'"
    ),
    "leaf": (
        "UPDATE leaf SET received = received + 1"
        " WHERE statement = (SELECT number FROM statement WHERE id = '\\x{id}')"
    ),
    "cosignature": "UPDATE cosignature SET line = line || 'A'",
}
"""By the field that an audit names: how it was changed."""


def beside(local, folder, address):
    """Settings of an audit of the region's database."""
    network = local.network.name
    for use, file in (("1", "log-1"), ("peer", "peer")):
        demo_log_key(f"{network}/{REGION}/{use}").save(folder / "keys" / f"{file}.key")
    demo_log_key(witness_name(network, REGION)).save(folder / "keys" / "witness.key")
    write_account_key(folder / "keys" / "anchor.key", demo_account(f"{REGION}/anchor"))
    return NodeSettings(
        region=REGION,
        network_file=local.network_file,
        data_dir=folder / "data",
        lock_dir=folder / "lock",
        keys_dir=folder / "keys",
        rpc_url=local.rpc_url,
        database=address.url,
        database_password_file=address.password_file,
    )


def test_what_was_changed_in_postgresql_is_named(postgres, tmp_path):
    async def run(address, database):
        theirs = {
            REGION: {"database": address.url, "database_password_file": address.password_file}
        }
        async with local_network(tmp_path / "network", databases=theirs) as local:
            await local.register_parties()
            receipt = await local.post("importer_bj", REGION, **example_invoice())
            await local.settle()
            (tmp_path / "data").mkdir()
            settings = beside(local, tmp_path, address)
            reports = [await audit(settings)]
            for query in ALTERED.values():
                changed = query.format(id=receipt.id) + " RETURNING 1"
                assert postgres.admin(changed, database=database)
                reports.append(await audit(settings))
            return receipt, reports

    with postgres.database() as database:
        receipt, [first, *later] = asyncio.run(run(postgres.address(database), database))
    assert (first.clean, first.differences, first.silent) == (True, [], [])
    assert {one.record for one in later[0].differences} == {receipt.id}
    for report, field in zip(later, ALTERED, strict=True):
        hits = [one for one in report.differences if one.field.startswith(field)]
        assert hits, (field, report.differences)
        assert {one.since for one in hits} == {first.at}
