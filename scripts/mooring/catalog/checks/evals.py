"""The checks of suites and drills: their part of the table."""

from mooring.catalog.checks import answers, drills, memory, suites
from mooring.catalog.checks.check import Check

DRILLS = {
    "drill-vendor": Check("Drills hit vendors of the models.", "correct the name, or name a rung", drills.vendor),
    "drill-rung": Check("Drills hit rungs of the agents they ask.", "name another rung", drills.rung),
    "drill-service": Check("Drills hit services that tools call.", "correct the name, or say '*'", drills.service),
    "drill-mode": Check("What fails can fail in that way.", "take another mode", drills.mode),
    "drill-agent": Check("Drills ask agents of one environment.", "correct the name", drills.agent),
    "drill-pattern": Check("What a drill expects is a pattern that finishes.", "correct it", drills.pattern),
    "drill-order": Check("Incidents and surges are in order of their start.", "sort them", drills.order),
    "drill-overlap": Check("One target has one incident at a time.", "make one of the two, or cut one", drills.overlap),
    "drill-length": Check("What happens in a drill begins and ends in it.", "raise hours, or cut it", drills.length),
    "drill-random": Check("Incidents can be drawn as a drill says.", "raise hours or share", drills.drawn),
    "drill-history": Check(
        "Histories are CSV files of incidents, in order and apart.", "correct the name, or add the file", drills.history
    ),
    "drill-history-future": Check("Histories have happened.", "leave the line out"),
}
SUITES = {
    "suite-agent": Check("Suites ask agents that exist.", "correct the name", suites.agent),
    "suite-judge-model": Check("Judges are models that exist.", "correct the name", suites.judge_model),
    "suite-judge": Check("A suite that asks a judge names one.", "add judge: {model: …}", suites.judge_missing),
    "suite-duplicate-id": Check("Tests of a suite differ by id.", "rename one of them", suites.duplicate_id),
    "suite-default": Check("defaultTest holds keys of a test.", "correct or remove the key", suites.default_test),
    "suite-asks": Check("A test asks by vars.message or by turns.", "add one, or remove one", suites.asks),
    "suite-asserts": Check("Every test asserts something.", "add an assertion besides latency", suites.asserts),
    "suite-smoke": Check(
        "Smoke suites need neither a judge nor a person.", "ask it in a suite of its own", suites.smoke
    ),
    "suite-answer": Check(
        "An answer in a test calls the agent's tools, and stands beside the message it answers.",
        "name a tool as models see it, or move the answer",
        answers.answers,
    ),
    "suite-memories": Check("A test with memories asks an agent that recalls.", "remove them", memory.given),
    "suite-variables": Check(
        "Variables of a test are inputs that a request may set.", "correct, move or remove it", suites.variables
    ),
    "assertion-type": Check("Assertions are of a known type.", "name a known type", suites.assertion_type),
    "assertion-shape": Check("An assertion's value fits its type.", "correct the value", suites.assertion_shape),
    "assertion-pattern": Check("Patterns are valid and finish.", "correct the pattern", suites.assertion_pattern),
    "assertion-schema": Check("Schemas are JSON Schema 2020-12.", "correct the schema", suites.assertion_schema),
    "assertion-tool": Check("Assertions name tools as models see them.", "correct the name", suites.assertion_tool),
}
