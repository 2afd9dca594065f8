"""Whether the certificate of a TLS server is valid, and for how long."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator

from mooring.operate.patrol.looks.tcp import split
from mooring.operate.patrol.reasons import EXPIRED, OTHER_NAME, certificate, reason
from mooring.operate.patrol.seen import Found, NotMade, Trouble
from mooring.operate.patrol.surroundings import Surroundings
from mooring.spec.patrol import TlsExpiry

DAY = 86400.0
MOST_NAMES = 5


def looks(check: TlsExpiry, surroundings: Surroundings) -> Iterator[tuple[str, Callable[[], Awaitable[Found]]]]:
    async def look() -> Found:
        context = await asyncio.get_running_loop().run_in_executor(None, _context, check)
        try:
            shown = await _shown(check, context)
        except ssl.SSLCertVerificationError as error:
            raise Trouble(await _blamed(check, error)) from error
        except OSError as error:
            raise Trouble(reason(error, check.address)) from error
        _, end, _ = _facts(shown)
        days = (end - surroundings.now) / DAY
        return Found(f"valid for {days:.0f} days", days)

    yield "", look


def _context(check: TlsExpiry) -> ssl.SSLContext:
    if check.authority is None:
        return ssl.create_default_context()
    path = check.authority.removeprefix("file:")
    try:
        return ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError) as error:
        raise NotMade(f"{path} holds no certificates that can be read; put the authority's there") from error


async def _shown(check: TlsExpiry, context: ssl.SSLContext) -> bytes:
    """The certificate that the server shows, as DER."""
    host, port = split(check.address)
    _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=check.server_name or host)
    try:
        return bytes(writer.get_extra_info("ssl_object").getpeercert(binary_form=True))
    finally:
        writer.close()


async def _blamed(check: TlsExpiry, error: ssl.SSLCertVerificationError) -> str:
    """What is wrong with a certificate, with what it says: a second connection, in which nothing is trusted or said."""
    careless = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
    name = check.server_name or split(check.address)[0]
    try:
        names, end, issuer = _facts(await _shown(check, careless))
    except (OSError, ValueError):
        return f"{check.address} is not trusted: {certificate(error)}"
    from datetime import UTC, datetime

    if error.verify_code == EXPIRED:
        return f"the certificate of {name} expired on {datetime.fromtimestamp(end, UTC):%Y-%m-%d}"
    if error.verify_code in OTHER_NAME:
        more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
        return f"the certificate is for {', '.join(names[:MOST_NAMES]) or 'nobody'}{more}, and not for {name}"
    return f"{name} is not trusted: {certificate(error)}, its issuer is {issuer}"


def _facts(certificate: bytes) -> tuple[list[str], float, str]:
    """(names that a certificate is for, when it ends in Unix time, who issued it)"""
    from cryptography import x509

    read = x509.load_der_x509_certificate(certificate)
    try:
        alternatives = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = [*alternatives.get_values_for_type(x509.DNSName)]
        names += map(str, alternatives.get_values_for_type(x509.IPAddress))
    except x509.ExtensionNotFound:
        names = []
    return names, read.not_valid_after_utc.timestamp(), read.issuer.rfc4514_string() or "nobody"
