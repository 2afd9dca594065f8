"""A merge against the text that its reviewers saw."""

from mooring.change.contract import broken, difference, meaning_of

ONE, OTHER = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
LINES = ["~ agent support 1.0.0 → 1.1.0 (@acme/shop)", "~   at most 8 calls, before 4  [budget.doubled, risk 6]"]


def text(meaning: str = ONE, *lines: str) -> str:
    told = lines or tuple(LINES)
    return "\n".join(["local: 1 change, risk 6", f"  meaning {meaning}", "", *told, "", "Plan sha256:3"])


def test_what_is_merged_as_it_was_reviewed_is_not_broken_whatever_its_versions() -> None:
    assert not broken(text(), ONE, LINES)
    assert not broken(text(), ONE, ["~ agent support 1.1.0 → 1.2.0 (@acme/shop)", LINES[1]])


def test_another_meaning_is_told_line_by_line() -> None:
    merged = [LINES[0], "~   at most 16 calls, before 4  [budget.doubled, risk 6]"]
    assert broken(text(), OTHER, merged)
    said = difference(text(), merged)
    assert "-~   at most 8 calls, before 4" in said
    assert "+~   at most 16 calls, before 4" in said


def test_a_text_that_names_the_digest_and_hides_changes_is_broken() -> None:
    assert broken(text(ONE, LINES[0]), ONE, LINES)
    assert broken(text(ONE, *LINES, "+ agent harmless 1.0.0 (@acme/shop)"), ONE, LINES)
    assert broken("local: in sync, nothing to deploy", ONE, LINES)


def test_of_two_digests_none_counts() -> None:
    assert meaning_of(f"{text(ONE)}\n  meaning {OTHER}") == ""


def test_a_text_that_was_cut_is_held_to_what_is_left_of_it() -> None:
    cut = f"local: 2 changes\n  meaning {ONE}\n{LINES[0]}\n{LINES[1][:9]}\n... cut: 40 more characters"
    assert not broken(cut, ONE, LINES)
    assert broken(cut.replace("support", "billing"), ONE, LINES)
