"""A receipt as a sentence."""

from typing import Any


def sentence(receipt: dict[str, Any]) -> str:
    """The data of a receipt as `0 of 1,204 requests lost; switched in 0.02 ms; the previous release stays …`."""
    if receipt["kind"] == "no-op":
        return f"in sync: {receipt['digest']} is live already"
    said = [f"{receipt['lost']:,} of {receipt['received']:,} requests lost"]
    if receipt["failed"]:
        said.append(f"{receipt['failed']:,} failed")
    if receipt["switch_ms"] is not None:
        said.append(f"switched in {receipt['switch_ms']:.2f} ms")
    if receipt["standby"]:
        said.append(f"the previous release stays warm in {receipt['standby']}")
    elif receipt["previous"]:
        said.append("the previous release does not stand by here")
    return "; ".join(said)


def short(digest: str | None) -> str:
    """A digest shortened for people: twelve digits."""
    return digest.removeprefix("sha256:")[:12] if digest else ""
