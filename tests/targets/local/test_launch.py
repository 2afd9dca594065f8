"""What a supervisor has of whoever starts it."""

from mooring.targets.local.launch import SOURCES, inherited

JOB = {
    "RUNNER_TRACKING_ID": "github_1",
    "GH_TOKEN": "ghs_1",
    "GITHUB_TOKEN": "ghs_1",
    "ACTIONS_RUNTIME_TOKEN": "eyJ",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "eyJ",
}


def test_neither_the_tokens_of_a_job_nor_its_mark_outlive_it() -> None:
    kept = inherited({"PATH": "/bin", "OPENAI_API_KEY": "of-nobody", **JOB})
    assert kept == {"PATH": "/bin", "OPENAI_API_KEY": "of-nobody", "PYTHONPATH": SOURCES}


def test_modules_of_whoever_starts_it_come_after_its_own() -> None:
    assert inherited({"PYTHONPATH": "/elsewhere"})["PYTHONPATH"] == f"{SOURCES}:/elsewhere"
