"""Puts what real models said in the place of the answers that stand in suites; part of `moor eval --record`."""

from mooring.catalog.schemas import replace_text
from mooring.change.wording import count
from mooring.commands.workspace import Workspace
from mooring.errors import Failed
from mooring.evaluate.answers import refreshed
from mooring.evaluate.session import Session
from mooring.evaluate.values import Results
from mooring.outcome import Reason
from mooring.report.console import Console
from mooring.spec import EvalSuite


def refresh(workspace: Workspace, session: Session, head: Results, console: Console) -> list[str]:
    """Edits the suites' files, and returns `suite/case` of what is another answer now. Failed(STORAGE)."""
    told: list[str] = []
    files: list[str] = []
    for name, suite in session.suites.items():
        entry = session.catalog.of(EvalSuite)[name]
        path = workspace.root / entry.file
        trials = [trial for trial in head.trials if trial.suite == name]
        try:
            before = path.read_bytes().decode()
            text, changed, problems = refreshed(entry.file, before, suite, trials)
            if text != before:
                replace_text(path, text)
                files.append(entry.file)
        except OSError as error:
            raise Failed(Reason.STORAGE, f"cannot edit {path}: {error.strerror}") from None
        told += [f"{name}/{case}" for case in changed]
        for problem in problems:
            console.note(problem)
    if told:
        console.line(f"{count(len(told), 'answer')} in {', '.join(files)} as the models gave them", "dim")
        console.note("suites with other answers are other suites: moor bump, and moor eval again for evidence")
    return told
