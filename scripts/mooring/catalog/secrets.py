"""Secrets in text: keys of known shapes, and long random strings. The text is scanned as it is, comments too."""

import math
import re
from collections import Counter
from collections.abc import Iterator

from mooring.finding import Finding

_SHAPES = {
    "an OpenAI or Anthropic key": r"\bsk-(?:ant-|proj-|live-)?[A-Za-z0-9_-]{20,}",
    "a key of this server": r"\bmoor_[0-9a-f]{8}_[A-Za-z0-9_-]{40,}",
    "an AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})",
    "a Slack token": r"\bxox[abposr]-[A-Za-z0-9-]{10,}",
    "a Google key": r"\bAIza[0-9A-Za-z_-]{35}",
    "a Stripe key": r"\b[rs]k_(?:live|test)_[0-9A-Za-z]{16,}",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "a JSON web token": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}",
    "a password in a URL": r"://[^\s/:@{}]+:[^\s/@{}]{3,}@",
    "a password": r"(?i:\b(?:password|passwd|api_?key|secret|token))[\"']?\s*[:=]\s*[\"']?"
    r"(?=[^\s\"']*\d)[^\s\"'{}<>$]{12,}",
}
_KNOWN = re.compile("|".join(f"(?P<s{number}>{shape})" for number, shape in enumerate(_SHAPES.values())))
_PUBLIC = r"(?!(?<=ssh-ed25519 |a2-nistp256 |a2-nistp384 |a2-nistp521 |openssh\.com )AAAA)"
"""Not the public key of SSH, which begins with the name of its kind in base64."""
_LONG = re.compile(rf"(?<![A-Za-z0-9+/_.:-]){_PUBLIC}[A-Za-z0-9+/_-]{{32,}}={{0,2}}")
_MIN_BITS = 4.2
"""Shannon entropy a character above which a long token of letters and digits is taken for random."""

FIX = "keep it in the environment's secret store, name it by secretRef, and revoke this one"


def secrets_in(file: str, content: bytes) -> Iterator[Finding]:
    """A finding for each secret; none repeats it."""
    text = content.decode("utf-8", "replace")
    for match in _KNOWN.finditer(text):
        what = list(_SHAPES)[int((match.lastgroup or "s0")[1:])]
        yield _finding(file, text, match, f"looks like {what}")
    for match in _LONG.finditer(text):
        if random_looking(match.group()) and not _KNOWN.match(match.group()):
            yield _finding(file, text, match, "looks like a secret: long and random")


def masked(text: str) -> str:
    """The text with `[secret]` in place of whatever looks like one."""
    known = _KNOWN.sub("[secret]", text)
    return _LONG.sub(lambda match: "[secret]" if random_looking(match.group()) else match.group(), known)


def random_looking(token: str) -> bool:
    """Upper and lower case and digits mixed, with the entropy of random text; a path or a digest is not."""
    mixed = any(c.isupper() for c in token) and any(c.islower() for c in token) and any(c.isdigit() for c in token)
    if not mixed or token.count("/") > len(token) // 8:
        return False
    counts = Counter(token).values()
    return -sum(n / len(token) * math.log2(n / len(token)) for n in counts) >= _MIN_BITS


def _finding(file: str, text: str, match: re.Match[str], message: str) -> Finding:
    return Finding(file, text.count("\n", 0, match.start()) + 1, "", message, "secret", FIX)
