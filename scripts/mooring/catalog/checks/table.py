"""The table of checks: every finding has one of these names."""

from mooring.catalog.checks import (
    access,
    agents,
    budgets,
    chats,
    clusters,
    drift,
    environments,
    exports,
    memory,
    models,
    objectives,
    operations,
    patrols,
    profiles,
    prompts,
    references,
    repositories,
    rungs,
    schemas,
    tools,
)
from mooring.catalog.checks.check import Check
from mooring.catalog.checks.evals import DRILLS, SUITES

READING = {
    "plain-file": Check("Documents are plain files.", "copy the content; links and special files are not followed"),
    "file-size": Check("A document has at most 256 KiB.", "split it"),
    "file-suffix": Check("Documents end in .yaml.", "rename it"),
    "encoding": Check("Documents are UTF-8 text without a byte order mark.", "save it as UTF-8 without that mark"),
    "header": Check("Line 1 names the kind's JSON Schema for editors.", "put that comment on line 1"),
    "yaml-syntax": Check("Documents are YAML.", "correct the syntax"),
    "yaml-depth": Check("Values are nested at most 32 deep.", "flatten it"),
    "yaml-nodes": Check("A document has at most 20,000 values.", "split it"),
    "yaml-alias": Check("Anchors, aliases and merge keys are not used.", "write the value out"),
    "yaml-tag": Check("Tags are not used.", "leave the tag out, and quote the value if it is text"),
    "yaml-number": Check("Numbers are finite and within 2^53.", "write it as text, or smaller"),
    "duplicate-key": Check("A key is there once.", "remove one of them"),
    "one-document": Check("A file holds one document, a mapping.", "give each document its own file"),
    "api-version": Check("A document has the format that this version reads.", "moor upgrade"),
    "kind": Check("The kind is known.", "name a known kind"),
    "folder": Check("A document is in the folder of its kind.", "move it"),
    "name-path": Check("A document's name is its path.", "rename the file or the document"),
    "unknown-key": Check("Every key is known.", "remove or rename it"),
    "missing-key": Check("Every required key is there.", "add it"),
    "tool-hints": Check("A tool says all four hints.", "add the hint, true or false"),
    "value": Check("Every value is of its type and within its bounds.", "change the value"),
    "python-syntax": Check("Modules of scripts/tools/ are Python.", "correct the syntax"),
    "secret": Check("No secret is in a document.", "move it to the secret store, name it by secretRef, and revoke it"),
}
REFERENCES = {
    "reference-prompt": Check("Prompts that are named exist.", "correct the name", references.prompt),
    "reference-part": Check("Shared parts that are included exist.", "correct the name", references.part),
    "reference-tool": Check("Tools that are named exist.", "correct the name", references.tool),
    "reference-model": Check("Models that are named exist.", "correct the name", references.model),
    "reference-resilience": Check("Profiles that are named exist.", "correct the name", references.resilience),
    "reference-agent": Check("Agents that are named exist.", "correct the name", references.agent),
    "reference-chat": Check("Chat documents that are named exist.", "correct the name", references.chat),
    "reference-export": Check("Exports that are named exist.", "correct the name", references.export),
    "reference-objectives": Check("Objectives that are named exist.", "correct the name", references.objectives),
    "reference-patrol": Check("Patrols that are named exist.", "correct the name", references.patrol),
    "reference-override": Check("Overridden documents exist.", "correct the name", references.override_target),
    "reference-guard": Check("Overridden guards exist.", "correct the name", references.guard),
    "unused": Check("Every document is used.", "use it, or delete it; git remembers", references.unused),
}
PROMPTS = {
    "extends-cycle": Check("No prompt extends itself.", "break the circle", prompts.extends_cycle),
    "include-cycle": Check("No shared part includes itself.", "break the circle", prompts.include_cycle),
    "template-syntax": Check("Templates are Jinja2.", "correct the template", prompts.template_syntax),
    "template-unsafe": Check(
        "Templates only read values and include parts by name.",
        "say it with values and filters",
        prompts.template_unsafe,
    ),
    "template-undeclared": Check(
        "What a template renders is in input.schema.", "declare it, or correct the name", prompts.template_undeclared
    ),
    "template-unused": Check("What input.schema declares is rendered.", "render or remove it", prompts.template_unused),
    "untrusted-text": Check(
        "Text from outside stands in user messages only.", "move it to a user message", prompts.untrusted
    ),
    "message-input": Check(
        "An agent's prompt takes the user's text as `message`, required and untrusted, and renders it last.",
        "declare message: {type: string, x-untrusted: true}, require it, and end with a user message of it",
        prompts.message_input,
    ),
}
SCHEMAS = {
    "json-schema": Check("Schemas are JSON Schema 2020-12.", "correct the schema", schemas.valid),
    "schema-ref": Check("$ref points within its schema.", "write the part under $defs", schemas.reference),
    "schema-required": Check("What is required is a property.", "declare the property", schemas.required),
    "schema-pattern": Check("Patterns are valid and finish.", "correct the pattern", schemas.pattern),
    "input-object": Check("Inputs are objects with properties.", "say type: object", schemas.input_object),
    "contract-conflict": Check("A prompt keeps its parent's contracts.", "agree", schemas.contract_conflict),
    "output-conflict": Check("An agent keeps its prompt's output contract.", "agree", schemas.output_conflict),
    "output-shape": Check("JSON answers have a schema, text has none.", "agree", schemas.output_shape),
}
TOOLS = {
    "hints-contradict": Check("Hints agree with each other.", "decide what the tool does", tools.hints_contradict),
    "tool-method": Check("The HTTP method fits the hints.", "change the method or the hint", tools.method),
    "idempotency-key": Check("A tool that is not idempotent has a key.", "add idempotencyKey", tools.idempotency),
    "idempotency-argument": Check("Keys are made of required arguments.", "correct the key", tools.idempotency_places),
    "path-argument": Check("Paths are filled by required arguments.", "correct the path", tools.path_places),
    "bind-path": Check("Paths are plain.", "write it without dots, query and escapes", tools.bind_path),
    "tool-approval": Check("A person approves destructive calls.", "say approval: human", tools.approval),
    "tool-timeout-range": Check(
        "A call is stopped after 10 to 30 seconds.", "say timeoutSeconds: 15", tools.timeout_range
    ),
    "python-callable": Check(
        "Python tools are functions of scripts/tools/ that take what inputSchema says.",
        "correct the name, or the function's parameters",
        tools.python_callable,
    ),
    "memory-arguments": Check(
        "A memory tool takes what memory takes: `text` to remember, `query` to recall.",
        "say required: [text] or [query], and a property of type string",
        memory.arguments,
    ),
    "memory-result": Check("A memory tool returns what memory returns.", "correct outputSchema", memory.results),
    "memory-hints": Check("The hints of a memory tool say what it does.", "correct the hint", memory.hints),
    "memory-space": Check("What is recalled is remembered by some tool.", "correct the name", memory.space),
}
MODELS = {
    "floating-model": Check("Production runs dated snapshots.", "pin the id", models.floating),
    "model-secret": Check("Real endpoints have a key.", "add secretRef", models.secret_ref),
    "base-url": Check("Base URLs are https, or private; no query.", "correct the URL", models.base_url),
    "weights-address": Check("Weights are served here, without a key.", "correct it, or drop weights", models.weights),
    "same-provider": Check("L0 and L1 are by different providers.", "choose another vendor", models.same_provider),
    "repeated-model": Check("Every rung is another model.", "leave the rung out", models.repeated),
}
AGENTS = {
    "variables-missing": Check("Agents fill their prompt's inputs.", "add it to variables", agents.variables_missing),
    "variables-unknown": Check("Variables are the prompt's inputs.", "remove or rename it", agents.variables_unknown),
    "variables-fit": Check("Variables fit input.schema.", "change the value", agents.variables_fit),
    "exported-names": Check("Tools of one agent differ by name.", "set exportName", agents.exported_names),
    "listed-twice": Check("Nothing is listed twice.", "remove one", agents.listed_twice),
    "agent-limits": Check("Limits let tools be used.", "raise the limit or remove the tools", agents.limits),
    "context-window": Check(
        "Prompt, tools, message and answer fit the model.",
        "shorten them, or take a larger model",
        agents.context_window,
    ),
    "rung-prompt": Check(
        "A rung's prompt takes and promises what the agent's does.", "take the same inputs and output", rungs.prompt
    ),
    "rung-tools": Check("A rung calls none but the agent's tools.", "add it to the agent's tools too", rungs.tools),
    "rung-limits": Check("A rung's limits are below its model's.", "lower it, or leave it out", rungs.limits),
    "rung-speed": Check(
        "A rung can read its prompt and tools within its limit.",
        "give the rung a shorter prompt, fewer tools, or more timeoutSeconds",
        rungs.speed,
    ),
}
BUDGETS = {
    "deadline-ladder": Check(
        "The deadline fits one model call all the way down the ladder.",
        "raise deadlineSeconds, try less, or time out sooner; moor validate --budgets shows the sum",
        budgets.ladder,
    ),
    "objective-ladder": Check(
        "One model call keeps to the objective all the way down the ladder.",
        "time out sooner, or lower retry.triesAfterTimeout; moor validate --budgets shows the sum",
        budgets.objective,
    ),
    "limit-reached": Check(
        "Every limit can be reached before another one stops the try.", "lower it, or leave it out", budgets.limits
    ),
    "retry-stacked": Check(
        "The deadline fits the tries of a tool and those of the model after it.",
        "raise deadlineSeconds, lower tools.tries, or the tool's timeoutSeconds",
        budgets.stacked,
    ),
    "retry-owner": Check(
        "Only the profile tries again.", "let the tool fail; the runtime tries it again", budgets.owner
    ),
    "retry-waits": Check(
        "Waits start below their cap, and the cap is below the deadline.", "lower the wait", budgets.waits
    ),
    "breaker-slow": Check(
        "A call can be slow before it is stopped.", "lower slowCallSeconds below the timeout", budgets.slow_calls
    ),
    "drain-deadline": Check(
        "A slot that ends waits as long as a request may take.", "raise rollout.drainSeconds", budgets.drain
    ),
}
PROFILES = {
    "profile-english": Check("Prepared texts have `en`.", "add it", profiles.english),
    "profile-language": Check(
        "A profile that apologises in a language has every message in it.", "add the message", profiles.language
    ),
    "profile-pattern": Check("Patterns of a profile are valid and finish.", "correct it", profiles.patterns),
    "profile-ratio": Check("Ratios leave room to act.", "say a ratio between 0.5 and 0.95", profiles.ratios),
    "summary-model": Check(
        "Who summarises has a model to do it, and nobody else has.",
        "name summaryModel, or take it away",
        profiles.summary,
    ),
}
ENVIRONMENTS = {
    "service-undeclared": Check(
        "An environment places every service its tools call.", "add it to services", environments.service_undeclared
    ),
    "service-unused": Check("Every service is called.", "remove it", environments.service_unused),
    "service-url": Check("Services are URLs or `simulated`.", "correct the URL", environments.service_url),
    "probe-agent": Check("Probes ask agents of the environment.", "correct the name", environments.probe_agent),
    "probe-missing": Check("Every agent is probed.", "add a probe", environments.probe_missing),
    "probe-pattern": Check("Probes' patterns are valid and finish.", "correct it", environments.probe_pattern),
    "endpoint-missing": Check(
        "Endpoints by provider name every provider that agents use.",
        "add it to endpoints: simulated or real",
        environments.endpoint_missing,
    ),
    "endpoint-unknown": Check(
        "Endpoints name providers of models.", "correct or remove it", environments.endpoint_unknown
    ),
    "evidence-class": Check(
        "Production on real endpoints takes live or recorded evidence.",
        "leave it out, here and nowhere else",
        environments.evidence_class,
    ),
    "override-path": Check("Overrides make valid documents.", "correct path or value", environments.override_path),
    "serving-limits": Check(
        "There are more connections than requests.", "raise maxConnections", environments.serving_limits
    ),
    "listen-address": Check("Environments listen apart.", "take another port", environments.listen_address),
    "monitor-address": Check(
        "A monitor is there for its own machine.",
        "listen on 127.0.0.1, and let a proxy that knows its callers stand before it",
        environments.monitor_address,
    ),
    "cluster-database": Check(
        "Pods keep their state in PostgreSQL.", "declare database with the URL's secretRef", clusters.database
    ),
    "cluster-image": Check(
        "Beyond development, an image is named by its digest.", "add @sha256:… to it", clusters.image
    ),
    "cluster-serving": Check("What one machine has is not asked of a cluster.", "remove it", clusters.serving),
    "cluster-replicas": Check(
        "As many pods serve as always are there, or more.", "raise the one or lower the other", clusters.replicas
    ),
    "cluster-admin": Check(
        "A range of addresses keeps others out.",
        "name the API server's addresses, or leave the key out and rely on the token",
        clusters.admin_source_ranges,
    ),
    "cluster-warm": Check("Pods are a cluster's.", "remove it", clusters.warm),
    "cluster-name": Check("Services have names of DNS.", "rename the environment", clusters.name),
    "access-missing": Check(
        "Without access only this machine may call.",
        "declare access with a tenant; or, on one machine, listen on 127.0.0.1",
        access.missing,
    ),
    "access-tenant": Check("Keys belong to tenants that exist.", "correct the name", access.tenant),
    "access-agent": Check("Callers call agents that are here.", "correct the name", access.agent),
    "access-twice": Check("Tenants, keys and issuers differ by name.", "rename or remove one", access.twice),
    "memory-access": Check(
        "Beyond development, users of a memory are told apart by keys.",
        "declare access with a tenant, or take the tool from the agent here",
        memory.access,
    ),
    "issuer-url": Check("Issuers are asked over https, or are private.", "correct the URL", access.issuer_url),
}
OPERATIONS = {
    "guard-meaning": Check("Guards name meanings.", "correct the code", operations.guard_meaning),
    "guard-twice": Check("Guards differ by name.", "rename one", operations.guard_twice),
    "guards-missing": Check("Production has guards.", "add configs/operations/guards.yaml", operations.guards_missing),
    "override-owner": Check("Who overrides may do so.", "ask an owner of overrides", operations.override_owner),
    "export-encrypted": Check(
        "Production is exported, and its copies are encrypted.",
        "name an Export document with `encryption` under `export`",
        exports.encrypted,
    ),
    "export-credentials": Check(
        "Destinations are opened with what their store knows.", "correct or remove it", exports.credentials
    ),
    "export-recipient": Check(
        "Recipients are public keys of age.", "copy it again from `age-keygen -y`", exports.recipients
    ),
    "time-zone": Check("Times have a zone.", "end it in Z, or in an offset such as +02:00", operations.time_zone),
    "drift-field": Check("Drift is answered of fields that there are.", "correct the kind", drift.field),
    "drift-environment": Check("Drift is answered where it can be.", "correct the name", drift.environment),
    "drift-tolerated": Check(
        "What is tolerated has an end, an owner and a reason.", "write until, owner and reason", drift.tolerated
    ),
    "objective-metric": Check(
        "Objectives are over metrics and labels that there are.",
        "name one that `/metrics` shows",
        objectives.metric,
    ),
    "objective-threshold": Check(
        "Objectives can be met, and can be missed.", "correct the threshold", objectives.threshold
    ),
    "objective-window": Check("Objectives hold over 5m to 30d.", "say another window", objectives.window),
    "objective-twice": Check("Objectives of a document differ by name.", "rename one", objectives.twice),
    "patrol-twice": Check("Checks of a patrol differ by name.", "rename one of them", patrols.twice),
    "patrol-limits": Check(
        "A check's limits are in order, and can be reached.", "swap or correct them", patrols.limits
    ),
    "patrol-address": Check(
        "A check says where to look, once.",
        "name one of them; a password is in the variable of secretRef",
        patrols.address,
    ),
    "patrol-environment": Check(
        "An environment that is patrolled exists, and has a check.",
        "correct the name, or add a check",
        patrols.environment,
    ),
    "patrol-target": Check(
        "A check looks at models, services and servers that its environments have.", "correct the name", patrols.target
    ),
    "chat-twice": Check("People differ by name, and by id.", "correct the id, or remove one of them", chats.twice),
    "chat-role": Check(
        "Roles that are given exist, and are given.", "correct the name, or remove the role", chats.role
    ),
    "chat-on-call": Check("Who is on call is among the people.", "correct the name", chats.on_call),
    "chat-pattern": Check(
        "Patterns mean commands.", "name one as `/help` does, or a family: `deploy *`", chats.pattern
    ),
    "chat-environment": Check("Roles hold in environments that there are.", "correct the name", chats.environment),
    "chat-reachable": Check(
        "Somebody can speak on each platform that is connected, and everybody on one of them.",
        "add the id, or take the platform or the person out",
        chats.reachable,
    ),
    "chat-signed": Check(
        "What a platform sends is signed.",
        "set an Encrypt Key in Feishu's console, and name its variable under encryptKey",
        chats.signed,
    ),
    "repository-one": Check("One document says how the repository is set.", "delete one", repositories.one),
    "repository-environment": Check(
        "The environments of GitHub are those of the documents.", "correct the name", repositories.environment
    ),
    "repository-reviewers": Check(
        "Somebody approves what is deployed to production.",
        "name it under `environments`, with `reviewers`",
        repositories.reviewers,
    ),
    "repository-twice": Check("Nothing of the repository is listed twice.", "remove one", repositories.twice),
    "repository-actions": Check(
        "Actions are named where the named ones are allowed.",
        "say allowed: selected, or remove it",
        repositories.actions,
    ),
    "freeze-order": Check("Freezes end after they start.", "swap them", operations.freeze_order),
}
TREE = {
    "empty": Check("There is something to check: an environment.", "add configs/environments/<name>.yaml"),
    "version-honest": Check("A version stands for one content.", "moor bump"),
    "version-reused": Check("A version is never used again for other content.", "moor bump"),
    "schema-stale": Check("schemas/ is what the models say.", "moor schema --write"),
    "suite-quarantine-expired": Check("No quarantine is over.", "correct it, or extend the quarantine with a reason"),
}
CHECKS: dict[str, Check] = (
    READING
    | REFERENCES
    | PROMPTS
    | SCHEMAS
    | TOOLS
    | MODELS
    | AGENTS
    | BUDGETS
    | PROFILES
    | ENVIRONMENTS
    | OPERATIONS
    | DRILLS
    | SUITES
    | TREE
)
