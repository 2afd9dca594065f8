"""Where clients come from: pages in browsers, proxies, TLS, and names that are not this machine's."""

import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mooring.runtime.door.tls import Certificate
from mooring.spec.environment import Tls

PAGE = "https://shop.example"


def test_a_declared_page_may_call_and_reads_errors_too(gated):
    server = gated(serving={"origins": [PAGE]})
    asks = {"origin": PAGE, "access-control-request-method": "POST"}
    wanted = {"access-control-request-headers": "authorization,content-type,x-stainless-os"}
    before = server.serving.http.options("/v1/chat/completions", headers=asks | wanted)
    assert before.status_code == 200
    assert before.headers["access-control-allow-origin"] == PAGE
    assert "authorization" in before.headers["access-control-allow-headers"]
    refused = server.serving.http.get("/v1/models", headers={"origin": PAGE})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, PAGE)
    assert "retry-after" in refused.headers["access-control-expose-headers"]


@pytest.mark.parametrize("origin", ["https://evil.example", "http://shop.example", "null", PAGE + ".evil.example"])
def test_no_other_page_may(gated, origin):
    server = gated(serving={"origins": [PAGE]})
    asks = {"origin": origin, "access-control-request-method": "POST"}
    before = server.serving.http.options("/v1/chat/completions", headers=asks)
    assert before.status_code == 400
    assert "access-control-allow-origin" not in before.headers


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "10.0.0.1"])
def test_without_access_only_this_machines_own_names_are_answered(serve, host):
    server = serve()
    answer = server.http.get("/v1/models", headers={"host": host})
    assert (answer.status_code, answer.json()["error"]["code"]) == (421, "host_refused")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8420", "127.0.0.1", "127.1.2.3:1", "[::1]:8420"])
def test_these_are_its_own_names(serve, host):
    assert serve().http.get("/v1/models", headers={"host": host}).status_code == 200


@pytest.mark.slow
def test_a_declared_proxy_says_who_the_client_is_and_nobody_else_does(gated, monkeypatch):
    monkeypatch.setattr("mooring.runtime.door.access.pacing.PER_SECOND", 4)
    trusted = gated(serving={"trustedProxies": ["127.0.0.0/8"]})
    assert seconds(trusted, "203.0.113.9") > 0.4
    assert seconds(trusted, "203.0.113.10", 2) < 0.4
    direct = gated(slot="green")
    assert seconds(direct, "203.0.113.9") > 0.4
    assert seconds(direct, "203.0.113.10", 2) > 0.4


def seconds(server, forwarded: str, requests: int = 7) -> float:
    """How long refusals take that come through a proxy for one address."""
    started = time.perf_counter()
    for _ in range(requests):
        assert server.serving.http.get("/v1/models", headers={"x-forwarded-for": forwarded}).status_code == 401
    return time.perf_counter() - started


def certificate(folder: Path, name: str = "one", password: bytes | None = None) -> Tls:
    """A certificate for localhost, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    sealed = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    (folder / "tls.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "tls.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, sealed))
    return Tls.model_validate({"certificate": f"file:{folder}/tls.crt", "key": f"file:{folder}/tls.key"})


def subject(address) -> str:
    """The name in the certificate that a server shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(address, timeout=5) as plain, context.wrap_socket(plain) as secure:
        shown = secure.getpeercert(binary_form=True)
    assert shown
    return str(x509.load_der_x509_certificate(shown).subject.rfc4514_string())


def test_a_live_slot_speaks_tls_and_takes_a_new_certificate_without_a_restart(host, serve, tmp_path, monkeypatch):
    monkeypatch.setattr("mooring.runtime.door.tls.LOOK_SECONDS", 0.05)
    door = host(serve().app, secure=Certificate(certificate(tmp_path)).context)
    trust = ssl.create_default_context(cafile=str(tmp_path / "tls.crt"))
    with httpx2.Client(verify=trust) as http:
        assert http.get(f"https://localhost:{door.address[1]}/livez").json() == {"alive": True}
    assert subject(door.address) == "CN=one"
    certificate(tmp_path, "two")
    time.sleep(0.1)
    assert subject(door.address) == "CN=two"
    (tmp_path / "tls.key").write_text("broken")
    time.sleep(0.1)
    assert subject(door.address) == "CN=two"


def test_clients_that_do_not_speak_tls_hold_nobody_up(host, serve, tmp_path):
    door = host(serve().app, secure=Certificate(certificate(tmp_path)).context)
    silent = [socket.create_connection(door.address) for _ in range(50)]
    with door.connect() as plain:
        plain.send(b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert b"HTTP" not in plain.rest()
    assert subject(door.address) == "CN=one"
    for one in silent:
        one.close()


def test_a_key_with_a_password_and_a_missing_file_are_errors(tmp_path):
    sealed = certificate(tmp_path, password=b"secret")
    with pytest.raises(ValueError, match="password"):
        Certificate(sealed)
    with pytest.raises(OSError, match="nowhere"):
        Certificate(sealed.model_copy(update={"certificate": "file:/nowhere/tls.crt"}))
