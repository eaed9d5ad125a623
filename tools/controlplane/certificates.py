"""Our own certificate authorities: every server is verified, every caller is known by a certificate."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFETIME = timedelta(days=365)
_CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class Subject:
    """Whom a certificate names: the user (or host), its group, and the names under which a server is called."""

    user: str
    group: str | None = None
    names: Sequence[str] = ()

    def name(self) -> x509.Name:
        """Return the X.509 name: Kubernetes reads CN as the user and O as the group."""
        attributes = [x509.NameAttribute(NameOID.COMMON_NAME, self.user)]
        if self.group:
            attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, self.group))
        return x509.Name(attributes)

    def alternatives(self) -> list[x509.GeneralName]:
        """Return the DNS names and addresses."""
        return [_alternative(name) for name in self.names]


@dataclass(frozen=True)
class Authority:
    """A certificate authority that lives in `directory` as `<name>.crt`."""

    name: str
    directory: Path
    _key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        subject = Subject(f"poolkeeper {self.name}")
        builder = self._builder(subject, self._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        _write(
            self.certificate, builder.add_extension(_signing_usage(), critical=True).sign(self._key, hashes.SHA256())
        )

    @property
    def certificate(self) -> Path:
        """The authority's own certificate."""
        return self.directory / f"{self.name}.crt"

    def issue(self, file: str, subject: Subject) -> tuple[Path, Path]:
        """Write `<file>.crt` and `<file>.key`, good for both ends of a connection; return the two paths."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(subject, key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        usages = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        if subject.names:
            builder = builder.add_extension(x509.SubjectAlternativeName(subject.alternatives()), critical=False)
        certificate = self.directory / f"{file}.crt"
        _write(certificate, builder.sign(self._key, hashes.SHA256()))
        return certificate, write_key(self.directory / f"{file}.key", key)

    def _builder(self, subject: Subject, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(subject.name())
            .issuer_name(Subject(f"poolkeeper {self.name}").name())
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _CLOCK_SKEW)
            .not_valid_after(now + _LIFETIME)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(identifier, critical=False)
        )


def write_key_pair(public: Path, private: Path) -> None:
    """Write a new pair of keys: one signs ServiceAccount tokens, the other verifies them."""
    key = ec.generate_private_key(ec.SECP256R1())
    write_key(private, key)
    encoding, shape = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(key.public_key().public_bytes(encoding, shape))


def write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> Path:
    """Write the key so that only its owner can read it."""
    path.touch(mode=0o600)
    encoding, shape = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path.write_bytes(key.private_bytes(encoding, shape, serialization.NoEncryption()))
    return path


def _write(path: Path, certificate: x509.Certificate) -> None:
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _signing_usage() -> x509.KeyUsage:
    off = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, **off)
