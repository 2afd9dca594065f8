"""Exports: production has copies that only some can read, and destinations are opened with what they know."""

from mooring.catalog.catalog import Catalog
from mooring.catalog.checks.remark import Remark, Remarks
from mooring.spec import Environment, Export
from mooring.spec.export import CREDENTIALS


def encrypted(catalog: Catalog) -> Remarks:
    for name, environment in catalog.all(Environment).items():
        if environment.tier != "production":
            continue
        entry = catalog.of(Environment)[name]
        if environment.export is None:
            yield Remark(entry, "tier", "production is not exported: what it knows would be lost with its disk")
        elif (export := catalog.get(Export, environment.export)) is not None and export.encryption is None:
            yield Remark(entry, "export", f"whoever gets hold of the copies by {export.name!r} can read them")


def credentials(catalog: Catalog) -> Remarks:
    for name, export in catalog.all(Export).items():
        known = CREDENTIALS[export.destination.scheme]
        for label in export.destination.credentials:
            if label not in known:
                takes = f"takes {', '.join(known)}" if known else "takes no credentials"
                place = f"destination.credentials.{label}"
                yield Remark(catalog.of(Export)[name], place, f"{export.destination.scheme}:// {takes}")
        if export.destination.endpoint and export.destination.scheme != "s3":
            yield Remark(catalog.of(Export)[name], "destination.endpoint", "only s3:// has an endpoint of its own")


def recipients(catalog: Catalog) -> Remarks:
    for name, export in catalog.all(Export).items():
        for index, key in enumerate(export.encryption.recipients if export.encryption else ()):
            if not key.startswith("env:") and not _is_key(key):
                what = "is no public key of age: a character is wrong or missing"
                yield Remark(catalog.of(Export)[name], f"encryption.recipients.{index}", f"{key[:12]}… {what}")


def _is_key(text: str) -> bool:
    import pyrage

    try:
        pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        return False
    return True
