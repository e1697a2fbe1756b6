"""``jjj policy``: what a verifier trusts, made from the network file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.options import NETWORK_FILE, AsJson, NetworkFile
from ledger.cli.output import answer, guarded


@guarded
def policy(
    network: NetworkFile = NETWORK_FILE,
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="The file to write; without it, stdout.")
    ] = None,
    tlog_policy: Annotated[
        Path | None,
        typer.Option(
            file_okay=False, help="Folder for one C2SP tlog-policy a log, for other verifiers."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the verifier's policy. Hand it to readers by a way they trust, never with a bundle."""
    from ledger.chain.network import network_json, read_network
    from ledger.cli.files import write_file
    from ledger.verify.policy import encode_policy, policy_from_network, tlog_policies

    made = policy_from_network(network_json(read_network(network)))
    data = encode_policy(made) + b"\n"
    written: list[str] = []
    if tlog_policy is not None:
        for origin, text in tlog_policies(made).items():
            path = tlog_policy / (origin.replace("/", "_") + ".policy")
            write_file(path, text.encode())
            written.append(str(path))
    if out is not None:
        write_file(out, data)
        written.append(str(out))
    if not written:
        typer.echo(data.decode(), nl=False)
        return
    answer({"files": written}, "\n".join(written), as_json=as_json)
