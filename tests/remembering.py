"""A repository whose agent `support` remembers, in environment `local`; its simulated model does so when asked to."""

from pathlib import Path

from tests.repository import Repo

HEAD = """# yaml-language-server: $schema=../../../schemas/tool.schema.json
apiVersion: mooring/v1
kind: Tool
name: shop/{name}
version: 1.0.0
description: {description}
owner: "@tidewater/support"
inputSchema:
  type: object
  additionalProperties: false
  required: [{argument}]
  properties:
    {argument}: {{type: string, description: What it is about.}}
outputSchema:
  type: object
  additionalProperties: false
  required: [{result}]
  properties:
    {result}: {{type: {type}}}
annotations:
  readOnlyHint: {reads}
  destructiveHint: false
  idempotentHint: true
  openWorldHint: false
bind:
  type: {name}
  space: customers
"""

RULES = """description: A memory of customers.
when:
  system: [customer support assistant]
rules:
  - id: remembered
    when:
      results: {kept: remember}
    reply:
      content: {en: I will remember that.}
  - id: recalled
    when:
      results: {found: recall}
    reply:
      content: {en: "I know {{ found.memories | length }}: {% for one in found.memories %}{{ one.text }} {% endfor %}"}
  - id: remember
    when:
      tools: [remember]
      user: ['^Remember: (?P<fact>.+)$']
    reply:
      calls: [{tool: remember, arguments: {text: "{{ fact }}"}}]
  - id: recall
    when:
      tools: [recall]
      user: ['^What do you know about (?P<about>.*)[?]$']
    reply:
      calls: [{tool: recall, arguments: {query: "{{ about }}"}}]
"""

SUITE = """# yaml-language-server: $schema=../../../schemas/evalsuite.schema.json
apiVersion: mooring/v1
kind: EvalSuite
name: support/memory
version: 1.0.0
description: What is said once is known later.
owner: "@tidewater/support"
agent: support
smoke: true
tests:
  - id: knows-what-it-was-told-before
    memories: [Wears size M., Lives in Hull.]
    vars: {message: "What do you know about size?"}
    assert: [{type: equals, value: "I know 1: Wears size M."}]
  - id: knows-what-it-was-told-now
    turns:
      - message: "Remember: has a dog."
        assert: [{type: equals, value: I will remember that.}]
      - message: "What do you know about dog?"
        assert: [{type: equals, value: "I know 1: has a dog."}]
  - id: knows-nothing-of-another-test
    vars: {message: "What do you know about ?"}
    assert: [{type: equals, value: "I know 0:"}]
"""


def remembering(repo: Repo) -> Repo:
    """The same repository with tools, rules and a smoke suite of a memory, committed."""
    tools = repo.root / "configs/tools/shop"
    remember = {"name": "remember", "argument": "text", "result": "remembered", "type": "boolean", "reads": "false"}
    recall = {"name": "recall", "argument": "query", "result": "memories", "type": "array", "reads": "true"}
    for tool in (remember, recall):
        (tools / f"{tool['name']}.yaml").write_text(HEAD.format(description=f"To {tool['name']} it.", **tool))
    (repo.root / "evals/simulator/1-memory.yaml").write_text(RULES)
    (repo.root / "evals/suites/support/memory.yaml").write_text(SUITE)
    agent = repo.root / "configs/agents/support.yaml"
    listed = "  - shop/open-ticket\n"
    repo.edit("configs/agents/support.yaml", listed, f"{listed}  - shop/remember\n  - shop/recall\n")
    repo.edit("configs/agents/support.yaml", "version: 1.1.0", "version: 1.2.0")
    for name in ("staging", "production"):
        _without(repo.root / f"configs/environments/{name}.yaml")
    assert agent.exists()
    repo.commit("support remembers")
    return repo


def _without(environment: Path) -> None:
    """Callers need a key there, since users of a memory are told apart by callers."""
    text = environment.read_text()
    environment.write_text(f"{text}access: {{tenants: [{{name: website}}]}}\n")
