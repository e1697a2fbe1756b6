"""A stand-in for the engine: answers its commands, and keeps which it was given and in which home."""

import sys
from pathlib import Path

from ledger.consortium.plan import Plan, read_plan, source_folder

_SCRIPT = """#!{python} -IS
import json, os, pathlib, sys, time
home = pathlib.Path(os.environ["HOME"])
words = sys.argv[1:]
with open({kept!r}, "a") as kept:
    kept.write(json.dumps([home.name, *words]) + "\\n")
config = home / ".evmd/config"
if words[0] == {refused!r}:
    sys.exit("no " + words[0])
if words[0] == "init":
    assert 'chain-id = "9001"' in (config / "client.toml").read_text()
    (config / "genesis.json").write_text({genesis!r})
elif words[:2] == ["keys", "add"]:
    print(json.dumps({{"address": "cosmos1" + home.name}}))
elif words[:2] == ["genesis", "gentx"]:
    wish = pathlib.Path(words[words.index("--output-document") + 1])
    known = json.loads((config / "genesis.json").read_text())["app_state"]["bank"]["balances"]
    wish.write_text(json.dumps({{"of": home.name, "knew": len(known)}}))
elif words[0] == "comet":
    print("id-of-" + home.name)
elif words[0] == "start":
    print("starts in", home.name, flush=True)
    time.sleep(60)
"""
PROPOSED = """{
 "consensus": {"params": {"block": {"max_bytes": "22020096", "max_gas": "-1"}}},
 "app_state": {
  "auth": {"params": {}, "accounts": []},
  "bank": {"params": {}, "balances": [], "denom_metadata": []},
  "erc20": {"params": {}, "token_pairs": [{"denom": "x"}], "native_precompiles": ["0x1"]},
  "evm": {"params": {"evm_denom": "aatom"}},
  "feemarket": {"params": {"no_base_fee": false, "base_fee": "1000000000", "min_gas_price": "1"}},
  "genutil": {"gen_txs": []},
  "gov": {"params": {"min_deposit": [{"denom": "x"}], "expedited_min_deposit": [{"denom": "x"}]}},
  "mint": {"params": {"mint_denom": "x"}},
  "slashing": {"params": {"min_signed_per_window": "0.500000000000000000"}},
  "staking": {"params": {"bond_denom": "x"}}
 }
}"""
"""Of the file that the engine's own ``init`` writes: what a first block is made from."""


def plan() -> Plan:
    return read_plan(source_folder())


def stand_in(folder: Path, refused: str = "") -> Path:
    """Write one into that folder; what it was told is then in ``calls`` there."""
    program = folder / "evmd"
    kept = str(folder / "calls")
    words = {"python": sys.executable, "kept": kept, "refused": refused, "genesis": PROPOSED}
    program.write_text(_SCRIPT.format(**words))
    program.chmod(0o755)
    return program
