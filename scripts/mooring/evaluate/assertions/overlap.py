"""How far an answer overlaps with a text that is right: edits, words and phrases in common.

What they need is imported on use: a suite without these assertions does not pay for it.
"""

import re
from collections import Counter
from functools import cache
from typing import Any

from mooring.evaluate.assertions.subject import Subject, Unjudged, Verdict, excerpt, got
from mooring.language import HAN, KANA, words
from mooring.spec.assertions import KINDS, LEVENSHTEIN, ROUGE


def levenshtein(subject: Subject, value: str, threshold: float | None) -> Verdict:
    """Edit distance in characters, without white space around the texts."""
    from rapidfuzz.distance import Levenshtein

    most = int(_asked(LEVENSHTEIN, threshold))
    edits = Levenshtein.distance(value.strip(), subject.text.strip(), score_cutoff=most)
    if edits > most:
        return Verdict(False, f"more than {most} edits away from {excerpt(value)}; {got(subject)}")
    return Verdict(True, f"{edits} edits away from {excerpt(value)}, at most {most} are allowed; {got(subject)}")


def rouge_n(subject: Subject, value: str, threshold: float | None) -> Verdict:
    """ROUGE-1: the share of the reference's words that the answer has too, each as often as it is there.

    Words without regard to case; every Chinese character and kana is one. Source: C.-Y. Lin, ROUGE: A Package for
    Automatic Evaluation of Summaries, 2004, section 2, https://aclanthology.org/W04-1013/
    """
    least, wanted = _asked(ROUGE, threshold), Counter(words(value))
    if not wanted:
        raise Unjudged("the reference has no words")
    share = (wanted & Counter(words(subject.text))).total() / wanted.total()
    return _scored(subject, share, least, f"of the words of {excerpt(value)}")


def bleu(subject: Subject, values: tuple[str, ...], threshold: float | None) -> Verdict:
    """sacrebleu's sentence BLEU, 0 to 1, without regard to case: its tokens, brevity penalty and smoothing.

    Source: https://github.com/mjpost/sacrebleu
    """
    least = _asked("bleu", threshold)
    score = _sacrebleu(_tokens(" ".join(values))).sentence_score(subject.text, list(values)).score / 100
    return _scored(subject, min(score, 1.0), least, f"BLEU against {' or '.join(map(excerpt, values))}")


def _tokens(text: str) -> str:
    """The name of sacrebleu's tokenizer for the writing of a text."""
    if re.search(f"[{KANA}]", text):
        return "char"
    return "zh" if re.search(f"[{HAN}]", text) else "13a"


@cache
def _sacrebleu(tokens: str) -> Any:
    try:
        from sacrebleu.metrics.bleu import BLEU
    except ImportError:
        raise Unjudged("`bleu` needs sacrebleu: python3 scripts/bootstrap.py --eval") from None
    return BLEU(lowercase=True, tokenize=tokens, effective_order=True)


def _scored(subject: Subject, score: float, least: float, words: str) -> Verdict:
    return Verdict(score >= least - 1e-9, f"{score:.2f} {words}, {least:.2f} is asked for; {got(subject)}", score)


def _asked(type_: str, threshold: float | None) -> float:
    given = KINDS[type_].default if threshold is None else threshold
    return 0.0 if given is None else given
