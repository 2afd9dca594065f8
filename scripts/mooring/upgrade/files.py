"""Which files are the product's, and what they are in a commit."""

from dataclasses import dataclass

from mooring.upgrade.git import Git

CONTENT = ("configs/", "prompts/", "evals/", "scripts/tools/")
"""The team's folders: never taken from the template, only migrated."""
RECORD = ".github/template.json"
"""Says where the product's files come from; written by each upgrade."""
OWN = frozenset({".github/CODEOWNERS", RECORD})
"""Files of the team, or made anew for it, in the product's folders."""
GENERATED = ("schemas/",)
"""Written by `moor schema --write`: always those of the new version, then generated again from its models."""
YOURS_ONCE_CHANGED = frozenset(
    {
        "README.md",
        ".github/README.zh-CN.md",
        ".github/pull_request_template.md",
        ".github/dependabot.yml",
        "LICENSE",
    }
)
"""What a team makes its own: from the first change on the template has no say in it, and that is no conflict."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A file in a commit: `mode` is git's, such as 100755, and `sha` names the content."""

    mode: str
    sha: str

    @property
    def regular(self) -> bool:
        return self.mode.startswith("100")


Tree = dict[str, Blob]
"""Files by path."""


def is_product(path: str) -> bool:
    return not path.startswith(CONTENT) and path not in OWN


def is_lock(path: str) -> bool:
    """Whether lines of a file hang together so that two changes of it cannot be put beside each other."""
    return path.endswith(".lock")


def tree(git: Git, commit: str) -> Tree:
    """All files of a commit."""
    listing = git.run("ls-tree", "-r", "-z", "--full-tree", commit).decode("utf-8", "surrogateescape")
    found: Tree = {}
    for line in filter(None, listing.split("\0")):
        head, path = line.split("\t", 1)
        mode, _, sha = head.split()
        found[path] = Blob(mode, sha)
    return found
