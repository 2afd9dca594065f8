"""Resilience profiles by themselves: what they say can be done, and does something."""

from collections.abc import Iterator

from mooring.catalog.catalog import Catalog, Entry
from mooring.catalog.checks.remark import Remark, Remarks
from mooring.catalog.deployed import environments
from mooring.catalog.patterns import pattern_problem
from mooring.spec import Resilience

LOWEST, HIGHEST = 0.5, 0.95
"""Where a ratio that starts an action may be: below, it acts always; above, there is no room left to act in."""


def profiles(catalog: Catalog) -> Iterator[tuple[Entry, Resilience]]:
    """Every profile as written, and as each environment with overrides sees it."""
    views = {id(view): view for _, view, _ in environments(catalog) if view is not catalog}
    for view in (catalog, *views.values()):
        for name, profile in view.all(Resilience).items():
            yield view.of(Resilience)[name], profile


def english(catalog: Catalog) -> Remarks:
    for entry, profile in profiles(catalog):
        texts = {f"ladder.presets.{i}.answer": preset.answer for i, preset in enumerate(profile.ladder.presets)}
        for path, text in (texts | {"ladder.apology": profile.ladder.apology}).items():
            if not text.get("en", "").strip():
                yield Remark(entry, path, "there is no `en`, which is the last resort")


def language(catalog: Catalog) -> Remarks:
    for entry, profile in profiles(catalog):
        apology = profile.ladder.apology
        for name, texts in profile.messages.by_name().items():
            if missing := [tag for tag in apology if not texts.get(tag, "").strip()]:
                message = f"the apology is in {_tags(missing)} too, and this message is not"
                yield Remark(entry, f"messages.{name}", message)
        # `en` is what profile-english looks for.
        if unspoken := [tag for tag in profile.languages if tag not in apology and tag != "en"]:
            yield Remark(entry, "languages", f"there is no apology in {_tags(unspoken)}")


def _tags(tags: list[str]) -> str:
    return " and ".join(f"`{tag}`" for tag in tags)


def patterns(catalog: Catalog) -> Remarks:
    for entry, profile in profiles(catalog):
        for path, pattern in _patterns(profile):
            if problem := pattern_problem(pattern):
                yield Remark(entry, path, f"the pattern {problem}")


def _patterns(profile: Resilience) -> Iterator[tuple[str, str]]:
    for i, preset in enumerate(profile.ladder.presets):
        yield from ((f"ladder.presets.{i}.match.{j}", pattern) for j, pattern in enumerate(preset.match))
    yield from ((f"context.pins.{i}", pattern) for i, pattern in enumerate(profile.context.pins))
    if profile.health.canary is not None:
        yield "health.canary.expect", profile.health.canary.expect


def ratios(catalog: Catalog) -> Remarks:
    for entry, profile in profiles(catalog):
        given = {"context.warnRatio": profile.context.warn_ratio, "memory.shedRatio": profile.memory.shed_ratio}
        for path, ratio in given.items():
            if not LOWEST <= ratio <= HIGHEST:
                message = f"{ratio:.0%} is not between {LOWEST:.0%} and {HIGHEST:.0%}: it would act always, or too late"
                yield Remark(entry, path, message)


def summary(catalog: Catalog) -> Remarks:
    for entry, profile in profiles(catalog):
        context = profile.context
        if context.summary_model is not None and context.strategy != "summarise-middle":
            yield Remark(entry, "context.summaryModel", f"{context.strategy!r} asks no model for a summary")
        if context.summary_model is None and context.strategy == "summarise-middle":
            message = "there is no summaryModel, so the middle would be trimmed and never summarised"
            yield Remark(entry, "context.strategy", message)
