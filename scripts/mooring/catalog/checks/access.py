"""Access: nobody without a key from other machines, and keys, tenants and agents that exist."""

from collections.abc import Iterator

from mooring.catalog.addresses import own_machine, split
from mooring.catalog.catalog import Catalog, Entry
from mooring.catalog.checks.remark import Remark, Remarks, repeated
from mooring.catalog.nearest import suggestion
from mooring.spec import Environment
from mooring.spec.access import Access


def missing(catalog: Catalog) -> Remarks:
    for name, environment in catalog.all(Environment).items():
        if environment.exposed:
            message = f"{environment.target.address} can be reached from other machines, and nobody there needs a key"
            path = "target.listen" if environment.target.sockets else "target"
            yield Remark(catalog.of(Environment)[name], path, message)


def tenant(catalog: Catalog) -> Remarks:
    for entry, _environment, access in _declared(catalog):
        names = [tenant.name for tenant in access.tenants]
        for index, key in enumerate(access.keys):
            if key.tenant is not None and key.tenant not in names:
                message = f"there is no tenant {key.tenant!r} here{suggestion(key.tenant, names)}"
                yield Remark(entry, f"access.keys.{index}.tenant", message)
        for index, issuer in enumerate(access.issuers):
            for value, named in issuer.tenants.items():
                if named not in names:
                    message = f"there is no tenant {named!r} here{suggestion(named, names)}"
                    yield Remark(entry, f"access.issuers.{index}.tenants.{value}", message)


def agent(catalog: Catalog) -> Remarks:
    for entry, environment, access in _declared(catalog):
        owners = [(f"tenants.{index}", one.agents) for index, one in enumerate(access.tenants)]
        owners += [(f"keys.{index}", one.agents) for index, one in enumerate(access.keys)]
        for place, agents in owners:
            if agents is not None:
                for number, name in enumerate(agents):
                    if name not in environment.agents:
                        near = suggestion(name, environment.agents)
                        message = f"{name!r} is no agent of this environment{near}"
                        yield Remark(entry, f"access.{place}.agents.{number}", message)


def twice(catalog: Catalog) -> Remarks:
    for entry, _environment, access in _declared(catalog):
        for part, names in (
            ("tenants", [tenant.name for tenant in access.tenants]),
            ("keys", [key.name for key in access.keys]),
            ("issuers", [issuer.issuer for issuer in access.issuers]),
        ):
            for index, name in repeated(names):
                yield Remark(entry, f"access.{part}.{index}", f"{name!r} is there before")


def issuer_url(catalog: Catalog) -> Remarks:
    for entry, _environment, access in _declared(catalog):
        for index, issuer in enumerate(access.issuers):
            if split(issuer.issuer) is None or not (issuer.issuer.startswith("https:") or own_machine(issuer.issuer)):
                message = "keys that come over plain HTTP can be anybody's"
                yield Remark(entry, f"access.issuers.{index}.issuer", message)


def _declared(catalog: Catalog) -> Iterator[tuple[Entry, Environment, Access]]:
    for name, environment in catalog.all(Environment).items():
        if environment.access is not None:
            yield catalog.of(Environment)[name], environment, environment.access
