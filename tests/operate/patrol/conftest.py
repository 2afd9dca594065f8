"""What a patrol looks at: real servers, a proxy with faults, and the surroundings that looks are made in."""

import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mooring.operate.patrol.patrol import Before, Checked, patrol
from mooring.operate.patrol.surroundings import Surroundings
from mooring.spec.patrol import Patrol
from mooring.state.transactions import Transactions
from tests.operate.patrol.proxy import Proxy
from tests.postgres import Cluster
from tests.redis_server import Redis
from tests.runtime.sample import sample

DAY = timedelta(days=1)


def document(*checks: dict[str, Any], **fields: Any) -> Patrol:
    """A document with these checks, which repeats a look at once."""
    head = {"apiVersion": "mooring/v1", "kind": "Patrol", "name": "patrol", "version": "1.0.0"}
    rest = {"description": "Dependencies.", "owner": "@acme/platform", "repeatAfterSeconds": 0}
    return Patrol.model_validate({**head, **rest, **fields, "checks": list(checks)})


@dataclass
class Round:
    """Patrols of one environment, each of which knows what those before saw."""

    around: Surroundings
    before: dict[str, Before] = field(default_factory=dict)

    def __call__(self, *checks: dict[str, Any], **fields: Any) -> list[Checked]:
        """One patrol."""
        return self.patrol(document(*checks, **fields))

    def patrol(self, document: Patrol, clock: Callable[[], float] = time.time) -> list[Checked]:
        found = patrol(document, replace(self.around), self.before, clock)
        for each in found:
            earlier = self.before[each.last.check].states if each.last.check in self.before else ()
            states = [*earlier, *(look.state for look in each.looks)]
            self.before[each.last.check] = Before(each.standing, states[-10:])
        return found

    def one(self, check: dict[str, Any], **fields: Any) -> tuple[str, str]:
        """(state, detail) of the only dependency of a check, looked at once more or as often as it takes."""
        (found,) = self({"name": "it", **check}, **fields)
        return found.standing.state, found.last.detail


@pytest.fixture
def around(tmp_path: Path) -> Surroundings:
    """Of an environment that is simulated, and of which nothing runs."""
    database = Transactions(f"sqlite:///{tmp_path / 'state.db'}")
    return Surroundings(sample().content, tmp_path, {}, time.time(), database=database)


@pytest.fixture
def looked(around: Surroundings) -> Round:
    return Round(around)


@pytest.fixture
def redis() -> Iterator[Redis]:
    with Redis() as server:
        yield server


@pytest.fixture(scope="session")
def vectors() -> Iterator[Cluster]:
    """A PostgreSQL server with pgvector."""
    with Cluster(vectors=True) as cluster:
        yield cluster


@pytest.fixture
def proxied() -> Iterator[Callable[[int], Proxy]]:
    """A proxy in front of a port."""
    made: list[Proxy] = []

    def make(port: int) -> Proxy:
        made.append(Proxy(port))
        return made[-1]

    yield make
    for each in made:
        each.close()


@dataclass(frozen=True)
class Authority:
    """Signs certificates; `file` is its own."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def file(self) -> Path:
        return self.folder / "authority.pem"

    @classmethod
    def made(cls, folder: Path) -> "Authority":
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Lighthouse Authority")])
        built = _built(subject, subject, key.public_key(), datetime.now(UTC) - 400 * DAY, datetime.now(UTC) + 400 * DAY)
        built = built.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        made = cls(folder, key, built.sign(key, hashes.SHA256()))
        made.file.write_bytes(made.certificate.public_bytes(serialization.Encoding.PEM))
        return made

    def context(self, names: Sequence[str], begins: timedelta = -DAY, ends: timedelta = 90 * DAY) -> ssl.SSLContext:
        """A server's, with a certificate for these names from and until so long from now."""
        key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
        built = _built(subject, self.certificate.subject, key.public_key(), now + begins, now + ends)
        built = built.add_extension(x509.SubjectAlternativeName(list(map(_name, names))), critical=False)
        signed = built.sign(self.key, hashes.SHA256())
        file = self.folder / "server.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _built(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    built = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    return built.serial_number(x509.random_serial_number()).not_valid_before(begins).not_valid_after(ends)


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        return x509.DNSName(text)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.made(tmp_path)
