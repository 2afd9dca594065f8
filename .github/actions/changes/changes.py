"""Tells whether code changed between BASE and HEAD: the step output `code`. Standard library only.

Content is what `moor validate` and `moor plan` check whole: the documents, and the CODEOWNERS generated from them.
Everything else is code, files that nobody has thought of yet and the Python of `scripts/tools/` among them: tools are
linted, typed and tested like any module. Changes that cannot be listed, and no change at all, count as code too.
"""

import os
import subprocess
import sys

CONTENT = ("configs/", "prompts/", "evals/")
GENERATED = ".github/CODEOWNERS"


def main() -> int:
    try:
        changed = list_changes(os.environ["BASE"])
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"::warning::code is taken to have changed, for git could not list the changes: {error}")
        changed = []
    code = is_code_changed(changed)
    for path in filter(is_code, changed):
        print(f"code: {path!r}")
    print(f"{len(changed)} files changed; tests of the code are {'needed' if code else 'not needed'}")
    with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as output:  # noqa: PTH123 - the runner's file
        output.write(f"code={str(code).lower()}\n")
    return 0


def list_changes(base: str) -> list[str]:
    """Files changed on HEAD since it parted from `base`; a renamed one is there with its old and its new name."""
    command = ["git", "diff", "--name-only", "--no-renames", "-z", "--end-of-options", f"{base}...HEAD", "--"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return [os.fsdecode(name) for name in done.stdout.split(b"\0") if name]


def is_code_changed(changed: list[str]) -> bool:
    return not changed or any(map(is_code, changed))


def is_code(path: str) -> bool:
    return path != GENERATED and not path.startswith(CONTENT)


if __name__ == "__main__":
    sys.exit(main())
