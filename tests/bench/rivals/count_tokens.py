"""Real tokenizers, in an environment of their own (tokenizers.lock): their vocabularies come with their packages.

Called with names of files; prints `{file: {tokenizer: tokens}}` as JSON.
"""

import json
import sys
from pathlib import Path

import bpe_openai  # type: ignore[import-not-found] # a rival, in an environment of its own
import mistral_common  # type: ignore[import-not-found]
from mistral_common.tokens.tokenizers.tekken import Tekkenizer  # type: ignore[import-not-found]

TEKKEN = "tekken_240911"


def main(files: list[str]) -> None:
    """Counts every file by every tokenizer."""
    openai = {name: bpe_openai.get_encoding(name) for name in ("o200k_base", "cl100k_base")}
    tekken = Tekkenizer.from_file(Path(mistral_common.__file__).parent / "data" / f"{TEKKEN}.json")
    counts: dict[str, dict[str, int]] = {}
    for file in files:
        text = Path(file).read_text(encoding="utf-8")
        counts[file] = {name: len(encoding.encode(text)) for name, encoding in openai.items()}
        counts[file][TEKKEN] = len(tekken.encode(text, bos=False, eos=False))
    print(json.dumps(counts))


if __name__ == "__main__":
    main(sys.argv[1:])
