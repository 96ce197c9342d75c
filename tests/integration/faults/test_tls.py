"""PostgreSQL over TLS: what each sslmode takes and refuses, and the limit of a whole answer inside of it."""

import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import make_url

from infra.local.stores.postgres import Urls
from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.postgres.engine import AnswersInTimeByTls
from portfolio_twin.errors import DatabaseUnavailable
from tests.fakes.fault_proxy import FaultProxy, proxied
from tests.integration.fixtures.database import Two, connect_to, counts


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 127.0.0.1, signed by itself, with its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    addresses = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(addresses, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def encrypted(postgres_urls: Urls, certificate: Path) -> Iterator[FaultProxy]:
    """A way to PostgreSQL that takes TLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with proxied(str(make_url(postgres_urls.app).query["unix_sock"]), context) as proxy:
        yield proxy


@contextmanager
def connected(urls: Urls, port: int, host: str = "127.0.0.1", **asked: str) -> Iterator[Database]:
    url = make_url(urls.app).difference_update_query(["unix_sock"]).set(host=host, port=port)
    whole = url.update_query_dict(asked).render_as_string(hide_password=False)
    with closing(connect_to(whole, connect_seconds=2.0, statement_seconds=1.0)) as database:
        yield database


@pytest.mark.parametrize("mode", ["verify-full", "require", "prefer", None])
def test_every_mode_but_disable_takes_tls(
    postgres_urls: Urls, encrypted: FaultProxy, certificate: Path, two_tenants: Two, mode: str | None
) -> None:
    asked = {"sslmode": mode} if mode else {}
    asked |= {"sslrootcert": str(certificate)} if mode == "verify-full" else {}
    with connected(postgres_urls, encrypted.port, **asked) as database:
        assert counts(database, two_tenants[0]) == (0, 0)
        with database._connection() as connection:
            assert isinstance(connection.connection.driver_connection._usock, AnswersInTimeByTls)  # type: ignore[union-attr]  # pg8000's


@pytest.mark.parametrize("wrong", ["authority", "host"])
def test_a_certificate_that_is_not_the_servers_is_refused(
    postgres_urls: Urls, encrypted: FaultProxy, certificate: Path, two_tenants: Two, wrong: str
) -> None:
    asked = {"sslmode": "verify-full"} | ({"sslrootcert": str(certificate)} if wrong == "host" else {})
    host = "localhost" if wrong == "host" else "127.0.0.1"
    with (
        connected(postgres_urls, encrypted.port, host, **asked) as database,
        pytest.raises(DatabaseUnavailable, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        counts(database, two_tenants[0])


@pytest.mark.parametrize("mode", ["verify-full", "require"])
def test_a_server_without_tls_is_refused_where_tls_is_required(
    postgres_urls: Urls, two_tenants: Two, mode: str
) -> None:
    with (
        proxied(str(make_url(postgres_urls.app).query["unix_sock"])) as plain,
        connected(postgres_urls, plain.port, sslmode=mode) as database,
        pytest.raises(DatabaseUnavailable, match="refuses TLS"),
    ):
        counts(database, two_tenants[0])


def test_a_server_without_tls_is_taken_where_nobody_asked_for_it(postgres_urls: Urls, two_tenants: Two) -> None:
    with (
        proxied(str(make_url(postgres_urls.app).query["unix_sock"])) as plain,
        connected(postgres_urls, plain.port) as database,
    ):
        assert counts(database, two_tenants[0]) == (0, 0)


@pytest.mark.case(21)
def test_an_answer_that_drips_through_tls_is_given_up(
    postgres_urls: Urls, encrypted: FaultProxy, two_tenants: Two
) -> None:
    with connected(postgres_urls, encrypted.port, sslmode="require") as database:
        assert counts(database, two_tenants[0]) == (0, 0)
        encrypted.fault = "slow drip"
        with pytest.raises(DatabaseUnavailable):
            counts(database, two_tenants[0])
        encrypted.fault = None
        assert counts(database, two_tenants[0]) == (0, 0)
