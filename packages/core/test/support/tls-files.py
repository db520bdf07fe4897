"""Writes a certificate authority and a certificate of it for localhost: ca.pem, cert.pem and key.pem."""

import datetime
import ipaddress
import pathlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

folder = pathlib.Path(sys.argv[1])
now = datetime.datetime.now(datetime.timezone.utc)


def certify(name, key, issuer, issuer_key, *extensions):
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer_key, hashes.SHA256())


def write(name, content):
    (folder / name).write_bytes(content)


authority_key = ec.generate_private_key(ec.SECP256R1())
authority = certify(
    "test authority",
    authority_key,
    "test authority",
    authority_key,
    (x509.BasicConstraints(ca=True, path_length=None), True),
)
key = ec.generate_private_key(ec.SECP256R1())
names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
certificate = certify(
    "localhost",
    key,
    "test authority",
    authority_key,
    (x509.BasicConstraints(ca=False, path_length=None), True),
    (x509.SubjectAlternativeName(names), False),
)
pem = serialization.Encoding.PEM
write("ca.pem", authority.public_bytes(pem))
write("cert.pem", certificate.public_bytes(pem))
write(
    "key.pem",
    key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
)
