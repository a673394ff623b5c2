# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Keys and certificates in memory: making them and reading them, by Python's cryptography. No files here."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import libraries

with libraries.declare("cryptography"):
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# Clocks of hosts differ, and a certificate that is not valid yet is refused like a wrong one.
BACKDATED = timedelta(days=1)

SERVER, CLIENT = "server", "client"
# etcd calls itself over gRPC for its JSON API, with its server certificate in the client's part. So with client
# certificates demanded, a certificate that may only serve would leave that API answering "bad certificate".
USAGES = {
    "server": frozenset({SERVER, CLIENT}),
    "peer": frozenset({SERVER, CLIENT}),
    "client": frozenset({CLIENT}),
}


@dataclass(frozen=True)
class Authority:
    """A CA that can sign."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)


@dataclass(frozen=True)
class Identity:
    """What a certificate says about its owner; two certificates with equal identities serve alike."""

    common_name: str
    usages: frozenset[str]
    dns: frozenset[str] = frozenset()
    ip: frozenset[str] = frozenset()

    @property
    def subject_alternative_names(self) -> list[str]:
        """As OpenSSL prints them: "DNS:emon", "IP:10.0.0.116"."""
        addresses = sorted(self.ip, key=lambda one: (ipaddress.ip_address(one).version, ipaddress.ip_address(one)))
        return [f"DNS:{one}" for one in sorted(self.dns)] + [f"IP:{one}" for one in addresses]


def new_key() -> ec.EllipticCurvePrivateKey:
    """An EC P-256 key: small, quick to make (0.05 ms against 50 for RSA), and known to every etcd and dockerd."""
    return ec.generate_private_key(ec.SECP256R1())


def load_key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    """Raises ValueError for what is no unencrypted EC private key."""
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (TypeError, UnsupportedAlgorithm) as error:
        raise ValueError("it is encrypted, or of an unknown kind") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("it is not an EC key")
    return key


def load_certificate(pem: bytes) -> x509.Certificate:
    """Raises ValueError for what is not a certificate."""
    return x509.load_pem_x509_certificate(pem)


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def certificate_pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def new_authority(common_name: str, key: ec.EllipticCurvePrivateKey, now: datetime, days: int) -> Authority:
    """A self-signed CA certificate that may sign certificates of hosts, and no other CA."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = _builder(name, name, key, now - BACKDATED, now + timedelta(days=days))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_key_usage(digital_signature=False, key_cert_sign=True), critical=True)
    return Authority(builder.sign(key, hashes.SHA256()), key)


def new_certificate(
    identity: Identity,
    key: ec.EllipticCurvePrivateKey,
    authority: Authority,
    now: datetime,
    not_after: datetime,
) -> x509.Certificate:
    """A certificate for ``key``, signed by the CA."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, identity.common_name)])
    # Never valid before its CA: a strict verifier refuses such a chain.
    not_before = max(now - BACKDATED, valid_from(authority.certificate))
    builder = _builder(subject, authority.certificate.subject, key, not_before, not_after)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_key_usage(digital_signature=True, key_cert_sign=False), critical=True)
    usages = {SERVER: ExtendedKeyUsageOID.SERVER_AUTH, CLIENT: ExtendedKeyUsageOID.CLIENT_AUTH}
    builder = builder.add_extension(
        x509.ExtendedKeyUsage([oid for usage, oid in usages.items() if usage in identity.usages]), critical=False
    )
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False
    )
    names = [x509.DNSName(one) for one in sorted(identity.dns)]
    addresses = [x509.IPAddress(ipaddress.ip_address(one)) for one in sorted(identity.ip)]
    if names or addresses:
        builder = builder.add_extension(x509.SubjectAlternativeName([*names, *addresses]), critical=False)
    return builder.sign(authority.key, hashes.SHA256())


def identity_of(certificate: x509.Certificate) -> Identity:
    """The identity in a current certificate; unknown parts are left out, so they differ from the desired one."""
    common_names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    usage, names = x509.ExtendedKeyUsage([]), x509.SubjectAlternativeName([])
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.ExtendedKeyUsage):
            usage = extension.value
        elif isinstance(extension.value, x509.SubjectAlternativeName):
            names = extension.value
    known = {ExtendedKeyUsageOID.SERVER_AUTH: SERVER, ExtendedKeyUsageOID.CLIENT_AUTH: CLIENT}
    return Identity(
        common_name=str(common_names[0].value) if common_names else "",
        usages=frozenset(known[oid] for oid in usage if oid in known),
        dns=frozenset(names.get_values_for_type(x509.DNSName)),
        ip=frozenset(str(one) for one in names.get_values_for_type(x509.IPAddress)),
    )


def belongs(key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> bool:
    """Whether the certificate is for this key."""
    return _public_bytes(key.public_key()) == _public_bytes(certificate.public_key())


def issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    """Whether the CA signed the certificate: its name and its key, because a new CA may carry the old one's name."""
    if certificate.issuer != authority.subject or certificate.signature_hash_algorithm is None:
        return False
    public_key = authority.public_key()
    if not isinstance(public_key, ec.EllipticCurvePublicKey):
        return False
    try:
        public_key.verify(
            certificate.signature, certificate.tbs_certificate_bytes, ec.ECDSA(certificate.signature_hash_algorithm)
        )
    except InvalidSignature:
        return False
    return True


def differing_extensions(certificate: x509.Certificate, other: x509.Certificate) -> list[str]:
    """Names of the extensions, as OpenSSL and RFC 5280 call them, that only one of the two has, or has otherwise."""
    first, second = ({one.oid: (one.critical, one.value) for one in each.extensions} for each in (certificate, other))
    return sorted(oid._name for oid in first.keys() | second.keys() if first.get(oid) != second.get(oid))


def may_issue(certificate: x509.Certificate) -> bool:
    """Whether it is a CA's."""
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except x509.ExtensionNotFound:
        return False


def valid_from(certificate: x509.Certificate) -> datetime:
    """In UTC, aware. cryptography before 42 (Debian 12 has 38) knows the naive form only."""
    if hasattr(certificate, "not_valid_before_utc"):
        return certificate.not_valid_before_utc
    return certificate.not_valid_before.replace(tzinfo=timezone.utc)


def valid_until(certificate: x509.Certificate) -> datetime:
    """In UTC, aware."""
    if hasattr(certificate, "not_valid_after_utc"):
        return certificate.not_valid_after_utc
    return certificate.not_valid_after.replace(tzinfo=timezone.utc)


def _public_bytes(key) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _builder(subject, issuer, key, not_before: datetime, not_after: datetime) -> x509.CertificateBuilder:
    # Key identifiers: Python 3.13 verifies strictly and refuses a chain without them.
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _key_usage(digital_signature: bool, key_cert_sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=key_cert_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
