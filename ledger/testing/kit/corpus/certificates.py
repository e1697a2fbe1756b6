"""Certificates of authors and of CAs that break one rule each, and chains as long as may be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ledger.bundle import encode_bundle
from ledger.statement.certificates import EKU_AUTHOR, ORGANIZATION_IDENTIFIER, POLICY_AUTHOR
from ledger.testing.kit.corpus.forging import compact_of, logged, opened, payload, slot
from ledger.testing.kit.corpus.scene import Example, Scene
from ledger.testing.kit.people import (
    NOT_AFTER,
    NOT_BEFORE,
    Firm,
    certificate_builder,
    ed25519_key,
    key_usage,
    p256_key,
    uscc_of,
)
from ledger.testing.kit.world import START

Key: TypeAlias = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
Issuer: TypeAlias = tuple[str, Key]
Extension: TypeAlias = tuple[x509.ExtensionType, bool]

# When the second of the two witnesses signs the size at which these records stand.
_TIME = datetime.fromtimestamp(START + 100_000 + 13 * 600 + 60, UTC)
_USCC = uscc_of(40)
_URI = f"urn:uscc:{_USCC}"
_SIGNS = key_usage(digital_signature=True, key_cert_sign=False)
_UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.25.1"), b"\x05\x00")
_POLICIES = x509.CertificatePolicies([x509.PolicyInformation(POLICY_AUTHOR, None)])
_OTHER_POLICY = x509.CertificatePolicies(
    [x509.PolicyInformation(x509.ObjectIdentifier("2.25.2"), None)]
)


@dataclass(frozen=True)
class Plan:
    """What goes into a certificate below ``issuer``; a CA's if ``extensions`` say so."""

    name: str
    issuer: Issuer
    extensions: Sequence[Extension]
    uscc: Sequence[str] = (_USCC,)
    valid: tuple[datetime, datetime] = (NOT_BEFORE, NOT_AFTER)
    key: Key | None = None
    digest: hashes.SHA256 | hashes.SHA224 = field(default_factory=hashes.SHA256)
    twin: bool = False

    @property
    def private_key(self) -> Key:
        """The holder's key."""
        return self.key or p256_key(f"plan {self.name}")

    def der(self) -> bytes:
        """The certificate; the same bytes each time."""
        attributes = [x509.NameAttribute(NameOID.COMMON_NAME, self.name)]
        attributes += [x509.NameAttribute(ORGANIZATION_IDENTIFIER, uscc) for uscc in self.uscc]
        above, key = self.issuer
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, above)])
        builder = certificate_builder(
            x509.Name(attributes), issuer, self.private_key.public_key(), self.name, self.valid
        )
        for extension, critical in self.extensions:
            builder = builder.add_extension(extension, critical=critical)
        if isinstance(key, ed25519.Ed25519PrivateKey):
            return builder.sign(key, None).public_bytes(Encoding.DER)
        made = builder.sign(key, self.digest, ecdsa_deterministic=True)
        der = made.public_bytes(Encoding.DER)
        # The byte before the signature counts the bits of its last byte that do not matter.
        return der[: -len(made.signature) - 1] + b"\1" + made.signature if self.twin else der


def firm_extensions(**changes: Extension | None) -> list[Extension]:
    """Extensions of a firm's certificate; a change to None leaves one out."""
    parts: dict[str, Extension | None] = {
        "constraints": (x509.BasicConstraints(ca=False, path_length=None), True),
        "usage": (_SIGNS, True),
        "purpose": (x509.ExtendedKeyUsage([EKU_AUTHOR]), False),
        "policy": (_POLICIES, False),
        "names": (x509.SubjectAlternativeName([x509.UniformResourceIdentifier(_URI)]), False),
    }
    return [part for part in {**parts, **changes}.values() if part is not None]


def ca_extensions(**changes: Extension | None) -> list[Extension]:
    """Extensions of a CA's certificate; a change to None leaves one out."""
    parts: dict[str, Extension | None] = {
        "constraints": (x509.BasicConstraints(ca=True, path_length=None), True),
        "usage": (key_usage(digital_signature=False, key_cert_sign=True), True),
    }
    return [part for part in {**parts, **changes}.values() if part is not None]


def certificates(scene: Scene) -> Iterator[Example]:
    """Every example about a certificate."""
    root: Issuer = (scene.world.authority.name, scene.world.authority.key)
    for name, says, plan in _leaves(root):
        # No registration that holds it can be read, so it lies beside.
        data = _case(scene, plan, [plan.der()])
        yield Example(name, says, "failed signature certificate", data)
    for name, says, due, plan, above in [*_chains(root), *_times(root)]:
        yield Example(name, says, due, _case(scene, plan, [one.der() for one in above]))
    plan = Plan("Issuer", root, firm_extensions())
    data = _case(scene, plan, [], author=uscc_of(41))
    yield Example("certificate-issuer", "Another firm's certificate.", "failed certificate", data)


def _case(scene: Scene, plan: Plan, extra: Sequence[bytes], *, author: str = _USCC) -> bytes:
    """A record under the planned certificate, its firm registered; more certificates in the bundle."""
    world, der = scene.world, plan.der()
    log = world.log("tianjin")
    count = len(log.leaves)
    firm = Firm(plan.name, _USCC, "ES256", p256_key(f"plan {plan.name}"), der)
    operator = world.register("tianjin", firm, ["import_declaration"])
    author_of = replace(firm, uscc=author)
    one = opened("220220261000000009")
    body = payload(scene, author_of, {"key": slot(one)})
    record = logged(scene, compact_of(author_of, body, [one]))
    bundle = world.bundle([record], [world.evidence(operator, size=count + 1)])
    del log.leaves[count:]
    return encode_bundle(replace(bundle, certificates=(*bundle.certificates, *extra)))


def _leaves(root: Issuer) -> Iterator[tuple[str, str, Plan]]:
    def leaf(name: str, says: str, **changes: Extension | None) -> tuple[str, str, Plan]:
        return f"certificate-{name}", says, Plan(name, root, firm_extensions(**changes))

    uri = x509.UniformResourceIdentifier(_URI)
    other = x509.UniformResourceIdentifier(f"urn:uscc:{uscc_of(41)}")
    yield leaf("san-two", "Two URIs.", names=(x509.SubjectAlternativeName([uri, other]), False))
    dns = x509.SubjectAlternativeName([uri, x509.DNSName("example.org")])
    yield leaf("san-dns", "A URI and a host name.", names=(dns, False))
    yield leaf(
        "san-other", "A URI of another firm.", names=(x509.SubjectAlternativeName([other]), False)
    )
    yield leaf("san-none", "No URI.", names=None)
    more = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    yield leaf("usage", "A key for more than signatures.", usage=(more, True))
    yield leaf("usage-none", "No key usage.", usage=None)
    server = x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.3.6.1.5.5.7.3.1")])
    yield leaf("purpose", "For another purpose.", purpose=(server, False))
    yield leaf("policy", "Under another policy.", policy=(_OTHER_POLICY, False))
    yield leaf("policy-none", "Under no policy.", policy=None)
    yield leaf("policy-critical", "The policy is critical.", policy=(_POLICIES, True))
    yield leaf("unknown-critical", "A critical extension that nobody knows.", more=(_UNKNOWN, True))
    ca = x509.BasicConstraints(ca=True, path_length=None)
    yield leaf("ca", "A CA signs no statements.", constraints=(ca, True))
    long = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.25.1"), bytes(8192))
    yield leaf("long", "More than 8,192 bytes.", more=(long, False))
    twin = Plan("twin", root, firm_extensions(), twin=True)
    yield "certificate-unused-bits", "A signature that is not whole bytes.", twin
    two = Plan("two", root, firm_extensions(), uscc=(_USCC, uscc_of(41)))
    yield "certificate-subject-two", "Two organizationIdentifiers.", two
    none = Plan("none", root, firm_extensions(), uscc=())
    yield "certificate-subject-none", "No organizationIdentifier.", none
    key = ec.derive_private_key(7, ec.SECP384R1())
    yield (
        "certificate-p384",
        "An author's key on P-384.",
        Plan("p384", root, firm_extensions(), key=key),
    )


def _chains(root: Issuer) -> Iterator[tuple[str, str, str, Plan, list[Plan]]]:
    def under(
        name: str, says: str, due: str, *links: Sequence[Extension], key: Key | None = None
    ) -> tuple[str, str, str, Plan, list[Plan]]:
        above, chain = root, list[Plan]()
        for number, extensions in enumerate(links):
            chain.append(Plan(f"{name} {number}", above, extensions, uscc=(), key=key))
            above = (chain[-1].name, chain[-1].private_key)
        return f"chain-{name}", says, due, Plan(f"{name} firm", above, firm_extensions()), chain

    good, bad = ca_extensions(), "failed certificate"
    yield under("three", "Three intermediates.", "passed", good, good, good)
    yield under("four", "Four intermediates.", bad, good, good, good, good)
    short = ca_extensions(constraints=(x509.BasicConstraints(ca=True, path_length=0), True))
    yield under("length", "An intermediate that may have none below it.", bad, short, good)
    yield under("length-kept", "An intermediate with none below it, as it says.", "passed", short)
    no_ca = (x509.BasicConstraints(ca=False, path_length=None), True)
    yield under("no-ca", "An intermediate that is no CA.", bad, ca_extensions(constraints=no_ca))
    loose = (x509.BasicConstraints(ca=True, path_length=None), False)
    yield under(
        "loose", "Constraints that are not critical.", bad, ca_extensions(constraints=loose)
    )
    yield under(
        "usage", "A CA that may not sign certificates.", bad, ca_extensions(usage=(_SIGNS, True))
    )
    yield under("usage-none", "A CA without key usage.", bad, ca_extensions(usage=None))
    yield under(
        "critical", "A critical extension in a CA.", bad, ca_extensions(more=(_UNKNOWN, True))
    )
    server = x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.3.6.1.5.5.7.3.1")])
    yield under("purpose", "A CA for servers.", bad, ca_extensions(more=(server, False)))
    p521 = ec.derive_private_key(7, ec.SECP521R1())
    yield under("p521", "A CA's key on P-521.", bad, good, key=p521)
    yield under("ed25519", "A CA's key on Ed25519.", bad, good, key=ed25519_key("corpus CA"))
    p384 = ec.derive_private_key(7, ec.SECP384R1())
    yield under("p384", "A CA's key on P-384.", "passed", good, key=p384)
    name, says, due, leaf, (above, *_) = under(
        "expired", "An intermediate that was over.", bad, good
    )
    yield name, says, due, leaf, [replace(above, valid=(NOT_BEFORE, _TIME - timedelta(seconds=1)))]
    name, says, due, leaf, (above, *_) = under("forged", "Another key under its name.", bad, good)
    yield name, says, due, leaf, [replace(above, key=p256_key("corpus forger"))]
    weak = Plan("sha224", root, firm_extensions(), digest=hashes.SHA224())
    yield "certificate-sha224", "A signature over SHA-224.", bad, weak, []
    name, says, due, leaf, _ = under("absent", "The intermediate is not in the bundle.", bad, good)
    yield name, says, due, leaf, []


def _times(root: Issuer) -> Iterator[tuple[str, str, str, Plan, list[Plan]]]:
    def valid(
        name: str, says: str, due: str, start: datetime, end: datetime
    ) -> tuple[str, str, str, Plan, list[Plan]]:
        plan = Plan(name, root, firm_extensions(), valid=(start, end))
        return f"certificate-{name}", says, due, plan, []

    second = timedelta(seconds=1)
    yield valid("first-second", "Valid from the record's time on.", "passed", _TIME, NOT_AFTER)
    yield valid(
        "early", "Valid a second too late.", "failed certificate", _TIME + second, NOT_AFTER
    )
    yield valid("last-second", "Valid up to the record's time.", "passed", NOT_BEFORE, _TIME)
    yield valid(
        "expired", "Over a second before.", "failed certificate", NOT_BEFORE, _TIME - second
    )
