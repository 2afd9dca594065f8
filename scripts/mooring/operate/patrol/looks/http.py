"""Whether an address answers a GET with a good status."""

from collections.abc import Awaitable, Callable, Iterator
from urllib.parse import urlsplit

import httpx2

from mooring.operate.patrol.reasons import reason
from mooring.operate.patrol.seen import Found, NotMade, Trouble
from mooring.operate.patrol.surroundings import Surroundings
from mooring.spec.endpoints import SIMULATED
from mooring.spec.patrol import Http


def looks(check: Http, surroundings: Surroundings) -> Iterator[tuple[str, Callable[[], Awaitable[Found]]]]:
    async def look() -> Found:
        url = check.url or f"{_base(check, surroundings).rstrip('/')}{check.path}"
        headers = surroundings.header(check.secret_ref, check.secret_header)
        try:
            async with surroundings.http(url).stream("GET", url, headers=headers) as response:
                status = response.status_code
        except httpx2.HTTPError as error:
            raise Trouble(reason(error, where(url))) from error
        except httpx2.InvalidURL:
            raise NotMade("the url is none that can be asked; correct it") from None
        if status not in check.statuses if check.statuses else not 200 <= status < 300:
            raise Trouble(f"{where(url)} answers HTTP {status}")
        return Found(f"HTTP {status}")

    yield "", look


def _base(check: Http, surroundings: Surroundings) -> str:
    """Where the service, or else the environment itself, is."""
    if check.service is None:
        if surroundings.url is None:
            raise Trouble(f"nothing runs here; moor up {surroundings.environment}")
        return surroundings.url
    return service(check.service, surroundings)


def service(name: str, surroundings: Surroundings) -> str:
    """The address of a service of the environment. Raises NotMade for an unknown one, Trouble for no simulator."""
    place = surroundings.content.environment.services.get(name)
    if place is None:
        raise NotMade(f"the environment has no service {name!r}; add it to services, or correct the check")
    if place != SIMULATED:
        return place
    if surroundings.simulator is None:
        raise Trouble(f"the simulator does not run; moor up {surroundings.environment}")
    return f"{surroundings.simulator}/services/{name}"


def where(url: str) -> str:
    """Host and port of a URL: nothing else of it is repeated, since any of it may be a secret."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{host}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
