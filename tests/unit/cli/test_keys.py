import stat

import pytest
from cryptography import x509

from ledger.chain.accounts import address_of
from ledger.cli.keymaking import rename_key
from ledger.errors import InputError
from ledger.keys.account import read_account_key
from ledger.keys.author import AuthorKey
from ledger.keys.demo import demo_ca
from ledger.keys.log import LogKey
from ledger.keys.recovery import RecoveryKey
from ledger.merkle.note import VerifierKey
from ledger.statement.jws import check_key_proof
from ledger.testing.scenarios import parties
from tests.unit.cli.calling import good, jjj
from tests.unit.cli.made_up import NAME, invoice

NODE_KEY = ("--network-name", NAME, "--region", "hebei")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    ("use", "name", "algorithm"),
    [("log", f"{NAME}/hebei/1", 1), ("witness", f"{NAME}/hebei/witness", 4),
     ("peer", f"{NAME}/hebei/peer", 1)],
)  # fmt: skip
def test_keys_of_a_node_are_made_under_their_names(tmp_path, use, name, algorithm):
    path = tmp_path / "a.key"
    made = good("keys", "make", use, "--out", path, *NODE_KEY, "--json").json
    key = VerifierKey.parse(made["vkey"])
    assert (key.name, key.algorithm) == (name, algorithm)
    assert LogKey.load(path).public_key == key.public_key
    assert mode(path) == 0o600


@pytest.mark.parametrize("use", ["anchor", "authority"])
def test_accounts_are_made_with_their_address(tmp_path, use):
    path = tmp_path / "a.key"
    made = good("keys", "make", use, "--out", path, "--json").json
    assert made["address"] == address_of(read_account_key(path)).hex()
    assert mode(path) == 0o600


def test_a_recovery_key_is_made_with_its_public_part(tmp_path):
    path = tmp_path / "recovery.key"
    made = good("keys", "make", "recovery", "--out", path, "--json").json
    assert made["recovery"] == RecoveryKey.load(path).public_key.hex()
    assert mode(path) == 0o600


def test_no_secret_is_printed(tmp_path):
    path = tmp_path / "a.key"
    called = good("keys", "make", "anchor", "--out", path)
    assert path.read_text().strip() not in called.out + called.err


def test_a_key_is_never_overwritten(tmp_path):
    path = tmp_path / "a.key"
    good("keys", "make", "author", "--out", path)
    before = path.read_bytes()
    called = jjj("keys", "make", "author", "--out", path, "--json")
    assert (called.status, called.json["code"]) == (1, "key_exists")
    assert path.read_bytes() == before


def test_a_node_key_needs_a_name(tmp_path):
    called = jjj("keys", "make", "log", "--out", tmp_path / "a.key")
    assert called.status == 2
    assert not (tmp_path / "a.key").exists()


def test_rename_keeps_the_key_and_takes_the_networks_name(tmp_path, network_file):
    path = tmp_path / "witness.key"
    good("keys", "make", "witness", "--out", path, "--network-name", "prod", "--region", "hebei")
    before = LogKey.load(path)
    made = good("keys", "rename", path, "--network", network_file, "--json").json
    after = LogKey.load(path)
    assert (after.name, after.public_key) == (f"{NAME}/hebei/witness", before.public_key)
    assert VerifierKey.parse(made["vkey"]).name == after.name
    assert mode(path) == 0o600
    assert rename_key(path, after.name).name == after.name


@pytest.mark.parametrize("alg", ["ES256", "Ed25519"])
def test_from_a_new_key_to_a_proof_of_it(tmp_path, network_file, alg):
    key, request, issued = tmp_path / "a.key", tmp_path / "a.csr", tmp_path / "issued.pem"
    firm = parties()["importer_bj"]
    good("keys", "make", "author", "--out", key, "--alg", alg)
    good("keys", "request", key, "--uscc", firm.uscc, "--name", firm.name, "--out", request)
    der = demo_ca().issue_request(request.read_bytes())
    issued.write_bytes(der)
    good("keys", "attach", key, issued)
    assert AuthorKey.load(key).certificate == der
    proof = tmp_path / "a.jws"
    good(
        "keys",
        "prove",
        "--key",
        key,
        "--region",
        "hebei",
        "--network",
        network_file,
        "--out",
        proof,
    )
    check_key_proof(proof.read_text().strip(), der, f"{NAME}/hebei")


def test_a_request_of_a_wrong_uscc_says_so(tmp_path):
    key = tmp_path / "a.key"
    good("keys", "make", "author", "--out", key)
    wrong = parties()["importer_bj"].uscc[:-1] + "0"
    arguments = ("--uscc", wrong, "--name", "X", "--out", tmp_path / "a.csr")
    called = jjj("keys", "request", key, *arguments, "--json")
    assert (called.status, called.json["code"]) == (1, "check_digit_wrong")
    assert not (tmp_path / "a.csr").exists()


def test_a_certificate_of_another_key_is_not_attached(tmp_path, importer):
    key = tmp_path / "other.key"
    good("keys", "make", "author", "--out", key)
    called = jjj("keys", "attach", key, importer.with_suffix(".crt"), "--json")
    assert (called.status, called.json["code"]) == (1, "certificate_foreign")


def test_requests_are_signed_by_their_key(tmp_path):
    key = tmp_path / "a.key"
    good("keys", "make", "author", "--out", key)
    uscc = parties()["importer_bj"].uscc
    good("keys", "request", key, "--uscc", uscc, "--name", "公司", "--out", tmp_path / "a.csr")
    assert x509.load_pem_x509_csr((tmp_path / "a.csr").read_bytes()).is_signature_valid


def test_a_registrar_lets_a_new_firm_post(place, tmp_path):
    firm = parties()["exporter_bj"]
    key, request = tmp_path / "firm.key", tmp_path / "firm.csr"
    good("keys", "make", "author", "--out", key)
    good("keys", "request", key, "--uscc", firm.uscc, "--name", firm.name, "--out", request)
    (tmp_path / "issued.der").write_bytes(demo_ca().issue_request(request.read_bytes()))
    good("keys", "attach", key, tmp_path / "issued.der")
    there = ("--network", place.network, "--region", "beijing")
    proof, receipts = tmp_path / "firm.jws", tmp_path / "r"
    good("keys", "prove", "--key", key, *there, "--out", proof)
    papers = ("--certificate", key.with_suffix(".crt"), "--proof", proof)
    register = ("keys", "register", *there, *papers, "--receipts", receipts, "--json")

    refused = jjj(*register, "--key", place.key("importer_bj"), "--kind", "invoice")
    assert (refused.status, refused.json["code"]) == (1, "registrar_unlisted")
    row = good(*register, "--key", place.registrar("beijing"), "--kind", "invoice").json
    assert row["receipt"]["origin"].endswith("/beijing/1")

    import json

    (tmp_path / "a.json").write_text(json.dumps(invoice("NEW-FIRM-1")))
    good("submit", tmp_path / "a.json", "--key", key, *there)


def test_a_proof_for_another_region_registers_nobody(place, tmp_path):
    key, proof = place.key("exporter_bj"), tmp_path / "firm.jws"
    good(
        "keys",
        "prove",
        "--key",
        key,
        "--network",
        place.network,
        "--region",
        "hebei",
        "--out",
        proof,
    )
    called = jjj(
        "keys", "register", "--network", place.network, "--region", "beijing",
        "--key", place.registrar("beijing"), "--certificate", key.with_suffix(".crt"),
        "--proof", proof, "--kind", "invoice", "--receipts", tmp_path / "r", "--json",
    )  # fmt: skip
    assert (called.status, called.json["code"]) == (1, "key_proof_aud")


def test_a_key_file_that_others_can_read_is_refused(importer, network_file, tmp_path):
    importer.chmod(0o644)
    arguments = ("--key", importer, "--network", network_file, "--region", "hebei")
    called = jjj("keys", "prove", *arguments, "--out", tmp_path / "p", "--json")
    assert (called.status, called.json["code"]) == (1, "key_readable_by_others")


def test_a_folder_of_a_wrong_key_is_named(tmp_path):
    from ledger.cli.keymaking import open_or_make_note_key

    LogKey.make("prod/hebei/peer").save(tmp_path / "witness.key")
    with pytest.raises(InputError) as refused:
        open_or_make_note_key("prod/hebei/witness", tmp_path / "witness.key")
    assert refused.value.code == "key_name"
