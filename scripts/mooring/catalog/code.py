"""The team's Python tools: parsed, never imported."""

import ast
import codecs
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from mooring.catalog.parse import BOM
from mooring.catalog.secrets import secrets_in
from mooring.catalog.source import CODE, Unreadable, unreadable
from mooring.finding import Finding

PACKAGE = PurePosixPath(CODE).name


@dataclass(frozen=True, slots=True)
class Module:
    """A module as it was read; `file` is relative to the repository."""

    file: str
    source: str
    tree: ast.Module

    def function(self, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """The function of that name at the module's top level; the last one wins, as it does in Python."""
        found = (node for node in self.tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
        return {node.name: node for node in found}.get(name)

    def imports(self) -> Iterator[str]:
        """Dotted names of the team's own modules that it may import. Each may be a module or a name in one."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = self._base(node)
                yield base
                yield from (f"{base}.{alias.name}" for alias in node.names)

    def _base(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = dotted(self.file).split(".")
        if not self.file.endswith("/__init__.py"):
            package = package[:-1]
        return ".".join([*package[: len(package) - node.level + 1], *([node.module] if node.module else [])])


def dotted(file: str) -> str:
    """`tools.shipping` for `scripts/tools/shipping.py`."""
    path = PurePosixPath(file).relative_to(PurePosixPath(CODE).parent).with_suffix("")
    return ".".join(path.parent.parts if path.name == "__init__" else path.parts)


def modules(files: Mapping[str, bytes | Unreadable]) -> tuple[dict[str, Module], list[Finding]]:
    """Every module that parses, by dotted name, and what is wrong with the others."""
    found: dict[str, Module] = {}
    findings: list[Finding] = []
    for file, content in sorted(files.items()):
        if isinstance(content, Unreadable):
            findings.append(unreadable(file, content))
            continue
        findings += secrets_in(file, content)
        if content.startswith(codecs.BOM_UTF8):
            findings.append(Finding(file, 1, "", BOM, "encoding"))
            continue
        try:
            # The same module, and so the same release, whichever line ends an editor or git wrote.
            text = content.decode("utf-8").replace("\r\n", "\n")
            found[dotted(file)] = Module(file, text, ast.parse(text, file))
        except UnicodeDecodeError:
            findings.append(Finding(file, 0, "", "is not UTF-8", "encoding"))
        except (SyntaxError, ValueError, RecursionError) as error:
            line = (isinstance(error, SyntaxError) and error.lineno) or 0
            findings.append(Finding(file, line, "", "is not Python that this version of Python reads", "python-syntax"))
    return found, findings


def reached(code: Mapping[str, Module], module: str) -> set[str]:
    """Names of `module` and of the team's modules that it imports, directly or not, with the packages they are in."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        waiting += [name.rpartition(".")[0]] if "." in name else []
        if name in code and name not in found:
            found.add(name)
            waiting += code[name].imports()
    return found
