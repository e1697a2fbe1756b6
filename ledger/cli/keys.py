"""``jjj keys``: making keys, certificates for firms, and the right to post."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ledger.cli.options import (
    NETWORK_FILE,
    AsJson,
    AuthorKeyFile,
    NetworkFile,
    NodeUrl,
    Out,
    Receipts,
    Region,
)
from ledger.cli.output import answer_members, guarded

app = typer.Typer(no_args_is_help=True, help="Make keys; ask for and give the right to post.")

KeyFile = Annotated[
    Path, typer.Argument(metavar="KEY", exists=True, dir_okay=False, help="The key file.")
]


class Use(StrEnum):
    """What a key is for."""

    AUTHOR = "author"
    LOG = "log"
    WITNESS = "witness"
    PEER = "peer"
    ANCHOR = "anchor"
    AUTHORITY = "authority"
    RECOVERY = "recovery"


@app.command()
@guarded
def make(
    use: Annotated[
        Use,
        typer.Argument(
            help="author: signs records. log, witness, peer: of a region's node. "
            "anchor, authority: accounts of the chain. recovery: opens what mirrors keep sealed."
        ),
    ],
    out: Out,
    network_name: Annotated[
        str | None, typer.Option(help="For log, witness and peer: the network's name.")
    ] = None,
    region: Annotated[str | None, typer.Option(help="For log, witness and peer.")] = None,
    epoch: Annotated[int, typer.Option(min=1, help="For log: which of the region's logs.")] = 1,
    alg: Annotated[
        Literal["ES256", "Ed25519"], typer.Option(help="For author: the algorithm.")
    ] = "ES256",
    encrypt: Annotated[
        bool, typer.Option("--encrypt", help="For author: asks for a passphrase.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a new key, readable by you alone, and print its public part. Nothing is overwritten."""
    from ledger.cli.keymaking import make_account, make_note_key, make_recovery

    if use is Use.AUTHOR:
        made = _make_author(out, alg, encrypt=encrypt)
    elif use in {Use.ANCHOR, Use.AUTHORITY}:
        made = make_account(out)
    elif use is Use.RECOVERY:
        made = make_recovery(out)
    else:
        if network_name is None or region is None:
            raise typer.BadParameter(f"a {use.value} key needs --network-name and --region")
        last = str(epoch) if use is Use.LOG else use.value
        made = make_note_key(f"{network_name}/{region}/{last}", out)
    answer_members({"file": str(out), "use": use.value, **made}, as_json=as_json)


@app.command()
@guarded
def rename(
    key: KeyFile,
    network: NetworkFile = NETWORK_FILE,
    as_json: AsJson = False,
) -> None:
    """Put a log, witness or peer key under the name its network got when it was deployed."""
    from ledger.chain.network import read_network
    from ledger.cli.keymaking import public_part, rename_key
    from ledger.keys.log import LogKey

    use = LogKey.load(key).name.partition("/")[2]
    renamed = rename_key(key, f"{read_network(network).name}/{use}")
    answer_members({"file": str(key), **public_part(renamed)}, as_json=as_json)


@app.command()
@guarded
def request(
    key: KeyFile,
    uscc: Annotated[str, typer.Option(help="The firm's unified social credit code.")],
    name: Annotated[str, typer.Option(help="The firm's registered name.")],
    out: Out,
    as_json: AsJson = False,
) -> None:
    """Write the certificate request (PKCS#10) that a CA answers with the firm's certificate."""
    from ledger.cli.access import open_key
    from ledger.cli.files import write_file
    from ledger.errors import InputError
    from ledger.records.numbers.uscc import uscc_fault

    fault = uscc_fault(uscc)
    if fault is not None:
        raise InputError(fault.code, fault.detail, "/uscc")
    write_file(out, open_key(key).request(uscc, name))
    answer_members({"file": str(out)}, as_json=as_json)


@app.command()
@guarded
def attach(
    key: KeyFile,
    certificate: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="The certificate, PEM or DER.")
    ],
    as_json: AsJson = False,
) -> None:
    """Put the certificate that a CA issued beside its key, as <name>.crt."""
    from ledger.cli.access import open_key
    from ledger.keys.author import read_certificate_file, write_certificate_file

    signer = open_key(key)
    signer.attach(read_certificate_file(certificate))
    beside = key.with_suffix(".crt")
    if beside.resolve() != certificate.resolve():
        write_certificate_file(beside, signer.certificate)
    answer_members({"file": str(beside), "kid": signer.kid}, as_json=as_json)


@app.command()
@guarded
def prove(
    key: AuthorKeyFile,
    region: Region,
    out: Out,
    network: NetworkFile = NETWORK_FILE,
    as_json: AsJson = False,
) -> None:
    """Write the proof that you hold your key; a region's registrar asks for it (the firm's side)."""
    from ledger.cli.access import Door
    from ledger.cli.files import write_file
    from ledger.statement.jws import sign_key_proof

    door = Door.open(network, key)
    audience = f"{door.network.name}/{door.network.region(region).name}"
    proof = sign_key_proof(door.signer, audience, door.clock.now() // 1000)
    write_file(out, proof.encode() + b"\n")
    answer_members({"file": str(out), "kid": door.signer.kid, "for": audience}, as_json=as_json)


@app.command()
@guarded
def register(
    key: AuthorKeyFile,
    region: Region,
    certificate: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="The firm's certificate.")
    ],
    proof: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="The firm's proof of its key.")
    ],
    kind: Annotated[list[str], typer.Option(help="A kind the firm may post; repeatable.")],
    network: NetworkFile = NETWORK_FILE,
    node: NodeUrl = None,
    receipts: Receipts = None,
    as_json: AsJson = False,
) -> None:
    """Log that a firm may post records of some kinds (the registrar's side; --key is the registrar's).

    To change or suspend it later, amend or withdraw the operator record like any other.
    """
    from ledger.cli.access import Door
    from ledger.cli.outbox import Outbox
    from ledger.cli.registering import operator_row
    from ledger.cli.submit import checked, finish, send

    door = Door.open(network, key, node)
    rows = checked([operator_row(door, region, certificate, proof, kind)], door, as_json=as_json)
    kept = receipts or Path("jjj.receipts")
    finish(send(rows, door, Outbox(kept), as_json=as_json), kept, as_json=as_json)


def _make_author(path: Path, alg: str, *, encrypt: bool) -> dict[str, Any]:
    from ledger.keys.author import AuthorKey

    passphrase: str = ""
    if encrypt:
        passphrase = typer.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True)
    AuthorKey.make(alg).save(path, passphrase.encode() or None)
    return {"alg": alg}
