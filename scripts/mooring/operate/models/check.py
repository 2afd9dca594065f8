"""Asks all real models of a release at once."""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
from pydantic_ai.models import Model

from mooring import spec
from mooring.operate.models.asking import ask, once
from mooring.operate.models.found import WAYS, Asked
from mooring.operate.models.trouble import no_key
from mooring.operate.models.usage import Usage, strictest
from mooring.release.content import ReleaseContent
from mooring.runtime.agent import first_use
from mooring.runtime.core.outside import outside
from mooring.runtime.core.settings import Settings
from mooring.spec.endpoints import endpoint_of


def check(content: ReleaseContent, names: Iterable[str], environ: Mapping[str, str]) -> list[Asked]:
    """What is found of the named models, in their order; those of simulated providers are listed and not asked.

    Takes as long as the slowest. `environ` is where keys are looked up.
    """
    return asyncio.run(_check(content, list(names), environ))


async def _check(content: ReleaseContent, names: list[str], environ: Mapping[str, str]) -> list[Asked]:
    settings = Settings("models-check", Path(), None, environ, serving=False)
    async with outside(proxies=True) as client:
        looks = [_one(content, name, settings, client) for name in names]
        first_use.prepare()  # or the first answers would seem late
        return await asyncio.gather(*looks)


def _one(
    content: ReleaseContent, name: str, settings: Settings, client: httpx2.AsyncClient
) -> Coroutine[Any, Any, Asked]:
    """The look at a model, whose client is made now."""
    document = content.models[name]
    usage, needs = strictest(content, name)
    found = _listed(content, document, usage, needs)
    if not found.real:
        return _told(found)
    if (variable := document.key_variable) and not settings.key_of(document):
        return _told(replace(found, trouble=no_key(variable, content.environment.name)))
    return _asked(found, once(document, usage, settings, client), document, usage)


async def _told(found: Asked) -> Asked:
    return found


async def _asked(found: Asked, model: Model, document: spec.Model, usage: Usage) -> Asked:
    answers = tuple(await ask(model, document, usage))
    tokens = (sum(answer.input_tokens for answer in answers), sum(answer.output_tokens for answer in answers))
    found = replace(found, answers=answers, cost_usd=round(document.prices.cost(*tokens), 9))
    last = answers[-1]
    return replace(found, trouble=last.trouble) if len(answers) < len(WAYS) else found


def _listed(content: ReleaseContent, document: spec.Model, usage: Usage, needs: frozenset[str]) -> Asked:
    return Asked(
        model=document.name,
        provider=document.provider,
        id=document.id,
        endpoint=endpoint_of(content.environment.endpoints, document.provider),
        url=document.base_url,
        needs=tuple(way for way in WAYS if way in needs),
        limit=usage.seconds,
        limited_by=usage.whose,
    )
