"""Why a connection failed, in words: from the chain of errors that libraries wrap around the first one."""

import socket
import ssl
from collections.abc import Iterator

EXPIRED, NOT_YET, SELF_SIGNED, OTHER_NAME = 10, 9, (18, 19), (62, 64)
"""Codes of OpenSSL's verification: https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/"""


def reason(error: BaseException, where: str) -> str:
    """A sentence about `where`, a host and port."""
    for each in _chain(error):
        match each:
            case socket.gaierror():
                return f"the name of {where} does not resolve ({each.strerror})"
            case ssl.SSLCertVerificationError():
                return f"{where} is not trusted: {certificate(each)}"
            case ssl.SSLError():
                return f"{where} does not speak TLS as it should ({each.reason or 'no reason given'})"
            case ConnectionRefusedError():
                return f"{where} refuses connections"
            case ConnectionResetError() | BrokenPipeError() | EOFError():
                return f"{where} closed the connection without an answer"
            case TimeoutError():
                return f"{where} does not answer"
            case OSError() if each.strerror:
                return f"{where} cannot be reached: {each.strerror}"
    return f"{where} cannot be reached ({type(error).__name__})"


def certificate(error: ssl.SSLCertVerificationError) -> str:
    """What is wrong with a certificate."""
    if error.verify_code == EXPIRED:
        return "its certificate has expired"
    if error.verify_code == NOT_YET:
        return "its certificate is not valid yet"
    if error.verify_code in OTHER_NAME:
        return "its certificate is for another name"
    if error.verify_code in SELF_SIGNED:
        return "its certificate is signed by itself, and not by an authority"
    return f"its certificate is by no authority that is trusted here ({error.verify_message})"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and those that led to it, the first cause first."""
    chain: list[BaseException] = []
    each: BaseException | None = error
    while each is not None and each not in chain:
        chain.append(each)
        each = each.__cause__ or each.__context__
    return reversed(chain)
