"""Certificates for tests: an authority of our own, a certificate signed by itself, an expired one."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


class Authority:
    """A test CA, and what it signs."""

    def __init__(self, folder: Path) -> None:
        self._ca, self._folder = trustme.CA(), folder
        self.file = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(self.file)

    def sign(self, *names: str, ends: datetime | None = None) -> Path:
        """A PEM file with key and certificate for these names."""
        path = self._folder / f"{names[0]}-{ends:%Y}.pem" if ends else self._folder / f"{names[0]}.pem"
        self._ca.issue_cert(*names, not_after=ends).private_key_and_cert_chain_pem.write_to_path(path)
        return path


def signed_by_itself(folder: Path, name: str, *, may_sign: bool = False) -> Path:
    """A PEM file with key and certificate that nobody else vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    return _write(folder / f"{name}-itself.pem", key, _certificate(name, key, name, key, may_sign=may_sign))


def signed_by(folder: Path, signer: Path, name: str) -> Path:
    """A PEM file with key and certificate that another file's key has signed."""
    data = signer.read_bytes()
    signing = serialization.load_pem_private_key(data, None)
    assert isinstance(signing, ec.EllipticCurvePrivateKey)
    issuer = x509.load_pem_x509_certificate(data[data.index(b"-----BEGIN CERTIFICATE") :])
    key = ec.generate_private_key(ec.SECP256R1())
    made = _certificate(name, key, issuer.subject.rfc4514_string().removeprefix("CN="), signing)
    return _write(folder / f"{name}-signed.pem", key, made)


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    signer: ec.EllipticCurvePrivateKey,
    *,
    may_sign: bool = False,
) -> x509.Certificate:
    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + 30 * DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=may_sign, path_length=None), critical=True)
        .sign(signer, hashes.SHA256())
    )


def _write(path: Path, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> Path:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


def certificate_in(path: Path) -> str:
    """The first certificate of a PEM file, as `accept this certificate` keeps it."""
    text = path.read_text("ascii")
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    pem = text[text.index(begin) : text.index(end) + len(end)] + "\n"
    return ssl.DER_cert_to_PEM_cert(ssl.PEM_cert_to_DER_cert(pem))
