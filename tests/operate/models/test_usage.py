"""What is asked of a model is what the rungs that use it ask."""

from typing import Any

from mooring.operate.models.usage import strictest
from mooring.release.content import ReleaseContent


def used(edit: Any, **standing: Any) -> tuple[float, frozenset[str]]:
    """Seconds and needs of the model at the first rung of `support`."""
    content: ReleaseContent = edit({})
    rung, model = content.agents["support"].models.names()[0]
    changed = edit({f"agents.support.models.{rung}": {"model": model, **standing}})
    use, needs = strictest(changed.model_copy(update={"resilience": quiet(changed)}), model)
    return use.seconds, needs


def quiet(content: ReleaseContent) -> dict[str, Any]:
    """The profiles without summaries, which are another use of a model."""
    return {
        name: each.model_copy(update={"context": each.context.model_copy(update={"summary_model": None})})
        for name, each in content.resilience.items()
    }


def test_a_rung_without_tools_needs_none_of_its_model(edit: Any) -> None:
    assert "tools" in used(edit)[1]
    assert "tools" not in used(edit, tools=[])[1]


def test_a_rung_that_has_its_own_time_gives_that_to_its_model(edit: Any) -> None:
    assert used(edit, timeoutSeconds=3.5)[0] == 3.5
