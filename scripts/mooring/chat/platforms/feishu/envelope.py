"""The envelope of what Feishu sends: a signature over the encrypted body.

https://open.feishu.cn/document/event-subscription-guide/event-subscriptions/event-subscription-configure-/encrypt-key-encryption-configuration-case
"""

import base64
import binascii
import hashlib
from typing import Any

from mooring.chat.platforms.signing import json_object
from mooring.chat.said import Unverified

_IV = 16
_SEALED = "the request is not encrypted with this app's key"


def signature(stamp: str, nonce: str, key: str, body: bytes) -> str:
    """The hex digits of `X-Lark-Signature`."""
    return hashlib.sha256(f"{stamp}{nonce}{key}".encode() + body).hexdigest()


def opened(body: bytes, key: str) -> dict[str, Any]:
    """The event in an encrypted body: base64 of an initialisation vector and AES-256-CBC with the key's SHA-256.

    Raises Unverified, with the same words whatever is wrong: nothing can be learned of the key by asking.
    """
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.padding import PKCS7

    try:
        sealed = base64.b64decode(json_object(body)["encrypt"], validate=True)
        cipher = Cipher(algorithms.AES(hashlib.sha256(key.encode()).digest()), modes.CBC(sealed[:_IV])).decryptor()
        padded = cipher.update(sealed[_IV:]) + cipher.finalize()
        padding = PKCS7(algorithms.AES.block_size).unpadder()
        return json_object(padding.update(padded) + padding.finalize())
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise Unverified(_SEALED) from None
