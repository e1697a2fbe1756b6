from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ledger.errors import InputError, VerificationError
from ledger.keys.author import AuthorKey
from ledger.keys.demo import DemoCA, demo_author, demo_ca
from ledger.keys.files import write_secret
from ledger.keys.log import LogKey
from ledger.statement.certificates import check_certificate, read_certificate
from ledger.statement.signing import verify_signature
from ledger.values import Millis

USCC = "91110000DEMJ00011K"
ISS = f"urn:uscc:{USCC}"
AT = Millis(1_772_409_600_000)


def refused(code: str, work: object, *arguments: object) -> None:
    with pytest.raises((InputError, VerificationError)) as caught:
        work(*arguments)  # type: ignore[operator]
    assert caught.value.code == code


@pytest.mark.parametrize("alg", ["ES256", "Ed25519"])
@pytest.mark.parametrize("passphrase", [None, b"a passphrase"])
def test_make_request_certify_save_load(tmp_path: Path, alg: str, passphrase: bytes | None) -> None:
    key = AuthorKey.make(alg)
    refused("certificate_missing", lambda: key.kid)
    refused("certificate_missing", lambda: key.certificate)
    certificate = demo_ca().issue_request(key.request(USCC, "Firm 甲"))
    facts = check_certificate(certificate, [], [demo_ca().certificate], AT, ISS)
    assert facts.name == "Firm 甲"
    key.attach(certificate)
    key.save(tmp_path / "firm.key", passphrase)
    text = (tmp_path / "firm.key").read_bytes()
    assert (b"ENCRYPTED" in text) == (passphrase is not None)
    assert stat.S_IMODE((tmp_path / "firm.key").stat().st_mode) == 0o600
    loaded = AuthorKey.load(tmp_path / "firm.key", passphrase)
    assert (loaded.alg, loaded.kid, loaded.certificate) == (alg, facts.kid, certificate)
    verify_signature(alg, facts.public_key, b"m", loaded.sign(b"m"))
    assert loaded.sign(b"m") == key.sign(b"m")


def test_passphrases(tmp_path: Path) -> None:
    key = AuthorKey.make()
    key.save(tmp_path / "a.key", b"right")
    key.save(tmp_path / "b.key")
    refused("key_passphrase", AuthorKey.load, tmp_path / "a.key")
    refused("key_passphrase", AuthorKey.load, tmp_path / "a.key", b"wrong")
    refused("key_passphrase", AuthorKey.load, tmp_path / "b.key", b"needless")
    assert AuthorKey.load(tmp_path / "a.key", b"right").public_bytes() == key.public_bytes()


def test_files_that_hold_no_author_key(tmp_path: Path) -> None:
    keys: list[Any] = [
        rsa.generate_private_key(65537, 2048),
        ec.derive_private_key(5, ec.SECP384R1()),
    ]
    for number, key in enumerate(keys):
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        write_secret(tmp_path / f"{number}.key", pem)
        refused("key_malformed", AuthorKey.load, tmp_path / f"{number}.key")
    write_secret(tmp_path / "x.key", b"no key")
    refused("key_malformed", AuthorKey.load, tmp_path / "x.key")


def test_a_certificate_for_another_key_is_refused(tmp_path: Path) -> None:
    other = demo_author("importer_bj", USCC, "Firm")
    key = AuthorKey.make()
    refused("certificate_foreign", key.attach, other.certificate)
    key.save(tmp_path / "a.key")
    (tmp_path / "a.crt").write_bytes(other.certificate)
    refused("certificate_foreign", AuthorKey.load, tmp_path / "a.key")
    (tmp_path / "a.crt").write_bytes(b"-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----")
    refused("certificate_unreadable", AuthorKey.load, tmp_path / "a.key")
    (tmp_path / "a.crt").write_bytes(b"rubbish")
    refused("certificate_malformed", AuthorKey.load, tmp_path / "a.key")


def test_requests_that_are_refused() -> None:
    refused("request_malformed", demo_ca().issue_request, b"no request")
    key = AuthorKey.make()
    pem = key.request(USCC, "Firm")
    der = bytearray(x509.load_pem_x509_csr(pem).public_bytes(serialization.Encoding.DER))
    der[-1] ^= 1
    broken = x509.load_der_x509_csr(bytes(der)).public_bytes(serialization.Encoding.PEM)
    refused("request_malformed", demo_ca().issue_request, broken)
    nameless = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    from cryptography.hazmat.primitives import hashes

    signed = nameless.sign(ec.derive_private_key(5, ec.SECP256R1()), hashes.SHA256())
    pem = signed.public_bytes(serialization.Encoding.PEM)
    refused("request_subject", demo_ca().issue_request, pem)


def test_another_ca_is_not_the_demos() -> None:
    other = DemoCA("other")
    key = AuthorKey.make()
    certificate = other.issue_request(key.request(USCC, "Firm"))
    check_certificate(certificate, [], [other.certificate], AT, ISS)
    ca = demo_ca().certificate
    refused("certificate_untrusted", check_certificate, certificate, [], [ca], AT, ISS)
    assert read_certificate(certificate).iss == ISS


def test_log_keys(tmp_path: Path) -> None:
    key = LogKey.make("demo-1/beijing/1")
    key.save(tmp_path / "log.key")
    loaded = LogKey.load(tmp_path / "log.key")
    assert (loaded.name, loaded.public_key) == (key.name, key.public_key)
    assert loaded.sign(b"m") == key.sign(b"m")
    assert stat.S_IMODE((tmp_path / "log.key").stat().st_mode) == 0o600
    assert (tmp_path / "log.key").read_text().startswith("PRIVATE+KEY+demo-1/beijing/1+")


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "é"])
def test_names_a_log_key_cannot_have(name: str) -> None:
    refused("key_name", LogKey.make, name)


def test_log_key_files_that_were_changed(tmp_path: Path) -> None:
    LogKey.make("demo-1/beijing/1").save(tmp_path / "log.key")
    text = (tmp_path / "log.key").read_text()
    changes = (
        text.replace("beijing", "hebei"), text.replace("PRIVATE", "PUBLIC"), "x", "a+b+c+d",
        text[:-10] + "\n", "PRIVATE+KEY+n+00000000+AgID\n", text.replace("+A", "+B"), "é",
    )  # fmt: skip
    for number, changed in enumerate(changes):
        write_secret(tmp_path / f"{number}.key", changed.encode())
        refused("key_malformed", LogKey.load, tmp_path / f"{number}.key")
    refused("key_malformed", LogKey, "name", bytes(31))


def test_the_skey_of_golangs_note_package_loads(tmp_path: Path) -> None:
    # The example key of golang.org/x/mod/sumdb/note (test data there, known to all).
    skey = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
    vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    import base64

    write_secret(tmp_path / "log.key", skey.encode())
    loaded = LogKey.load(tmp_path / "log.key")
    assert loaded.public_key == base64.b64decode(vkey.split("+", 2)[2])[1:]
