"""Keys that the whole world knows: of our demos, and of the usual development chains.

Whoever knows a key can sign with it, so outside of a demo none of them may stand for anyone.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from typing import Final

from cryptography import x509

from ledger.errors import InputError
from ledger.keys.author import public_bytes
from ledger.keys.demo import (
    demo_account,
    demo_author,
    demo_ca,
    demo_log_key,
    demo_recovery_key,
)
from ledger.statement.signing import ALGORITHMS

DEMO_REGIONS: Final = ("beijing", "tianjin", "hebei")
DEMO_ACCOUNTS: Final = (
    "deployer",
    *(f"{region}/{use}" for region in DEMO_REGIONS for use in ("anchor", "authority", "recovery")),
)
DEMO_PARTIES: Final = {
    "importer_bj": "91110000DEMJ00011K",
    "broker_tj": "91120000DEMT000296",
    "shipagent_tj": "91120000DEMT000371",
    "factory_he": "91130600DEMH00044L",
    "terminal_tj": "91120000DEMT00053N",
    "trucker": "91120000DEMT00061H",
    "warehouse_bj": "91110000DEMJ00070N",
    "exporter_bj": "91110115DEMJ00089G",
    "aircargo_bj": "91110115DEMJ00097B",
    "rail_he": "91130900DEMH001082",
    "shell_he": "91130200DEMH00116Q",
    "terminal_he": "91130200DEMH00124K",
    "customs_bj": "11100000DEMJC0009C",
    "customs_tj": "11120000DEMTC00086",
    "customs_he": "11130000DEMHC00070",
    "registrar_bj": "11100000DEMJC0009C",
    "registrar_tj": "11120000DEMTC00086",
    "registrar_he": "11130000DEMHC00070",
}
"""USCC of every demo party that signs, by its label."""

_EPOCHS: Final = 64
# Accounts that development chains fund by themselves: Hardhat's and anvil's first twenty (mnemonic
# "test test … junk"), eth-tester's ten (private keys 1 to 10), and those of our own demo.
_ADDRESSES: Final = """
f39fd6e51aad88f6f4ce6ab8827279cfffb92266 70997970c51812dc3a010c7d01b50e0d17dc79c8
3c44cdddb6a900fa2b585dd299e03d12fa4293bc 90f79bf6eb2c4f870365e785982e1f101e93b906
15d34aaf54267db7d7c367839aaf71a00a2c6a65 9965507d1a55bcc2695c58ba16fb37d819b0a4dc
976ea74026e726554db657fa54763abd0c3a0aa9 14dc79964da2c08b23698b3d3cc7ca32193d9955
23618e81e3f5cdf7f54c3d65f7fbc0abf5b21e8f a0ee7a142d267c1f36714e4a8f75612f20a79720
bcd4042de499d14e55001ccbb24a551f3b954096 71be63f3384f5fb98995898a86b02fb2426c5788
fabb0ac9d68b0b445fb7357272ff202c5651694a 1cbd3b2770909d4e10f157cabc84c7264073c9ec
df3e18d64bc6a983f673ab319ccae4f1a57c7097 cd3b766ccdd6ae721141f452c550ca635964ce71
2546bcd3c84621e976d8185a91a922ae77ecec30 bda5747bfd65f08deb54cb465eb87d40e51b197e
dd2fd4581271e230360230f9337d5c0430bf44c0 8626f6940e2eb28930efb4cef49b2d1f2c9c1199
7e5f4552091a69125d5dfcb7b8c2659029395bdf 2b5ad5c4795c026514f8317c7a215e218dccd6cf
6813eb9362372eef6200f3b1dbc3f819671cba69 1eff47bc3a10a45d4b230b5d10e37751fe6aa718
e1ab8145f7e55dc933d51a18c793f901a3a0b276 e57bfe9f44b819898f47bf37e5af72a0783e1141
d41c057fd1c78805aac12b0a94a405c0461a6fbb f1f6619b38a98d6de0800f1defc0a6399eb6d30c
f7edc8fa1ecc32967f827c9043fcae6ba73afa5c 4cceba2d7d2b4fdce4304d3e09a1fea9fbeb1528
74803113ce968037cd280f2088a9cd95dcfd6eed f996e2b38bb103122b646c84a1a7f6a9ef73b3d1
834fb0c7d989dfa310ac985a8c3f77784990728a 80188c8cd38c917751f0bfc57bd9832f8a8faa47
42f98ab8c208f1cf5a424cc20b5ec04c9e8fe1c8 35e132a953ab2c183101aae2eea090a342b2707c
a3b11edb8c3459cf8fb8ec5d34e430fe6f1522a7 4db5e8ee09426302fdfa9e303a3257eaf4cbdea8
bf4926324a486e9d89567575d05bf6ea721b820d a176d05da118f83bae1a860ac421442454114ae0
"""


def is_demo(network: str) -> bool:
    """Whether a network's name says that nothing in it is worth anything."""
    return network.startswith("demo")


def refuse_known_keys(network: str, keys: Iterable[bytes]) -> None:
    """Refuse publicly known keys outside of demo networks.

    Each key is a raw Ed25519 or X25519 public key, an uncompressed curve point, a 20-byte account
    address or a certificate in DER (its own key counts).

    Raises:
        InputError: key_publicly_known.
    """
    if is_demo(network):
        return
    known = known_keys()
    for key in keys:
        if sha256(_plain(key)).digest() in known:
            raise InputError(
                "key_publicly_known",
                f"{key[:20].hex()}… is publicly known; only a network named demo… may use it",
            )


@lru_cache(maxsize=1)
def known_keys() -> frozenset[bytes]:
    """SHA-256 of every key on the list."""
    keys = [bytes.fromhex(address) for address in _ADDRESSES.split()]
    keys += [demo_account(label) for label in DEMO_ACCOUNTS]
    keys.append(_plain(demo_ca().certificate))
    uses = ("witness", "peer", *(str(epoch) for epoch in range(1, _EPOCHS + 1)))
    keys += [
        demo_log_key(f"demo/{region}/{use}").public_key for region in DEMO_REGIONS for use in uses
    ]
    keys += [demo_recovery_key(region).public_key for region in DEMO_REGIONS]
    for party, uscc in DEMO_PARTIES.items():
        keys += [demo_author(party, uscc, party, alg).public_bytes() for alg in sorted(ALGORITHMS)]
    return frozenset(sha256(key).digest() for key in keys)


def _plain(key: bytes) -> bytes:
    """A certificate's own key; any other bytes as they are."""
    if not key.startswith(b"\x30\x82"):
        return key
    try:
        return public_bytes(x509.load_der_x509_certificate(key).public_key())
    except ValueError:
        return key
