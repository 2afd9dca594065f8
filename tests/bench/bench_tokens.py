"""How far the estimate of tokens is from what real tokenizers count: too low overruns a window, too high wastes it."""

import json
import subprocess
import time
from pathlib import Path

from mooring.tokens import at_most
from tests.bench import rival
from tests.bench.row import Row

SAMPLES = Path(__file__).parents[1] / "tokens" / "samples"

LEAST, MOST = 0.95, 1.35
"""Limits on estimate / tokens: of the tokenizer that counts most, and on average of that one over all kinds."""

KINDS = {
    "English": ("english", "english-technical"),
    "other Latin": ("french", "german", "spanish"),
    "Chinese": ("chinese", "chinese-technical", "chinese-traditional"),
    "Japanese, Korean": ("japanese", "korean"),
    "other alphabets": ("arabic", "hebrew-greek", "hindi-thai", "russian"),
    "code": ("python", "web"),
    "JSON": ("json", "json-pretty"),
    "logs, tables, base64": ("base64", "log", "table"),
    "emoji, shouting": ("emoji", "shouting"),
}


def run() -> list[Row]:
    counts = counted()
    rows = [row(kind, [SAMPLES / f"{name}.txt" for name in names], counts) for kind, names in KINDS.items()]
    mean = sum(found.ratio or 0 for found in rows) / len(rows)
    rows.append(Row("tokens: mean of all kinds", "", "", mean, f"<= {MOST}", mean <= MOST))
    return [*rows, speed("english"), speed("chinese")]


def counted() -> dict[str, dict[str, int]]:
    """Tokens of every sample by every tokenizer."""
    command = [str(rival.python("tokenizers")), str(rival.LOCKS / "count_tokens.py"), *map(str, SAMPLES.iterdir())]
    found: dict[str, dict[str, int]] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return found


def row(kind: str, files: list[Path], counts: dict[str, dict[str, int]]) -> Row:
    ours = sum(at_most(file.read_text(encoding="utf-8")) for file in files)
    theirs = {name: sum(counts[str(file)][name] for file in files) for name in counts[str(files[0])]}
    error = ", ".join(f"{name.split('_')[0]} {tokens} ({ours / tokens - 1:+.0%})" for name, tokens in theirs.items())
    ratio = ours / max(theirs.values())
    return Row(f"tokens: {kind}", f"{ours:.0f}", error, ratio, f">= {LEAST}", ratio >= LEAST)


def speed(name: str) -> Row:
    text = (SAMPLES / f"{name}.txt").read_text(encoding="utf-8")
    text *= 100_000 // len(text)
    started = time.perf_counter()
    at_most(text)
    milliseconds = (time.perf_counter() - started) * 1000
    return Row(f"tokens: {len(text) // 1000},000 characters of {name}", f"{milliseconds:.1f} ms")
