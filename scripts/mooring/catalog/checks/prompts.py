"""Prompts: their templates, what goes into them, and what may not."""

from mooring.catalog.catalog import Catalog
from mooring.catalog.checks.remark import Remark, Remarks
from mooring.catalog.checks.uses import families
from mooring.catalog.jsonschemas import required
from mooring.catalog.nearest import suggestion
from mooring.catalog.prompts import texts
from mooring.catalog.template import analyse
from mooring.spec import Agent, Prompt, PromptPart


def extends_cycle(catalog: Catalog) -> Remarks:
    parents = {name: prompt.extends for name, prompt in catalog.all(Prompt).items()}
    for name, entry in catalog.of(Prompt).items():
        way, at = [name], parents[name]
        while at is not None and at not in way:
            way.append(at)
            at = parents.get(at)
        if at == name:
            yield Remark(entry, "extends", f"extends itself: {' → '.join([*way, name])}")


def include_cycle(catalog: Catalog) -> Remarks:
    included: dict[str, dict[str, int]] = {}
    for text in texts(catalog, *catalog.of(PromptPart).values()):
        included[text.entry.document.name] = {name: text.line(line) for name, line in text.template.includes}
    for name, entry in catalog.of(PromptPart).items():
        for first, line in included[name].items():
            if name in _reached(included, first):
                yield Remark(entry, "text", f"includes itself, by way of {first!r}", line)


def _reached(included: dict[str, dict[str, int]], start: str) -> set[str]:
    reached, waiting = {start}, [start]
    while waiting:
        new = included.get(waiting.pop(), {}).keys() - reached
        reached |= new
        waiting += new
    return reached


def template_syntax(catalog: Catalog) -> Remarks:
    for text in texts(catalog):
        if text.template.error:
            message, line = text.template.error
            yield Remark(text.entry, text.path, f"the template is broken: {message}", text.line(line))


def template_unsafe(catalog: Catalog) -> Remarks:
    for text in texts(catalog):
        for message, line in text.template.unsafe:
            yield Remark(text.entry, text.path, message, text.line(line))


def template_undeclared(catalog: Catalog) -> Remarks:
    for family in families(catalog).values():
        for use in family.uses:
            if use.variable in family.properties:
                continue
            message = f"variable {use.variable!r} is not in input.schema{suggestion(use.variable, family.properties)}"
            if use.via:
                message += f" (used by {use.via!r})"
            if use.text.entry is family.entry:
                yield Remark(use.text.entry, use.text.path, message, use.line)
            elif family.declares is family.entry:
                parent = use.text.entry.document.name
                yield Remark(family.entry, "input.schema.properties", f"{message} (used by the parent {parent!r})")


def template_unused(catalog: Catalog) -> Remarks:
    used: dict[str, set[str]] = {}
    for family in families(catalog).values():
        if family.declares is not None:
            used.setdefault(family.declares.document.name, set()).update(use.variable for use in family.uses)
    for name, variables in used.items():
        declaring = families(catalog)[name]
        for declared in declaring.properties.keys() - variables:
            path = f"input.schema.properties.{declared}"
            yield Remark(declaring.entry, path, f"input {declared!r} is never rendered")


def untrusted(catalog: Catalog) -> Remarks:
    for name, family in families(catalog).items():
        outside = family.untrusted()
        for use in family.uses:
            if use.variable in outside and use.text.role != "user":
                way = f" by {use.via!r}" if use.via else ""
                whose = "" if use.text.entry is family.entry else f" (untrusted in {name!r})"
                message = f"untrusted {use.variable!r} stands in a {use.text.role} message{way}{whose}"
                yield Remark(use.text.entry, use.text.path, message, use.line)


def message_input(catalog: Catalog) -> Remarks:
    for name in sorted({name for agent in catalog.all(Agent).values() for _, name in agent.prompts()}):
        family = families(catalog).get(name)
        if family is None:
            continue
        schema = family.properties.get("message")
        place = family.declares or family.entry
        if not isinstance(schema, dict) or schema.get("type") != "string" or schema.get("x-untrusted") is not True:
            problem = "has no text `message` marked x-untrusted, which is where the user's text goes"
            yield Remark(place, "input.schema.properties.message", f"the input of {name!r} {problem}")
        elif "message" not in required(family.flat.input):
            yield Remark(place, "input.schema.required", f"`message` is not required in the input of {name!r}")
        last = family.flat.messages[-1]
        if last.role != "user" or "message" not in analyse(last.content).variables:
            path = f"messages.{len(family.prompt.messages) - 1}"
            yield Remark(family.entry, path, "the last message is not a user message with {{ message }}")
