"""The tests of the gate, beside counting everything by hand and beside published figures."""

import itertools
import math
import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mooring.evaluate.gate.inference import at_most, effort, fisher, holm, interval, needed, ratio, sign_flip

fifths = st.lists(st.integers(-5, 5).map(lambda n: Fraction(n, 5)), max_size=9)
floats = st.lists(st.floats(-10, 10), max_size=9)
counts = st.integers(0, 7)


def tossed(differences: list[Fraction]) -> float:
    """Every toss of every coin."""
    sums = [sum(signs) for signs in itertools.product(*((one, -one) for one in differences))]
    return sum(total >= sum(differences) for total in sums) / len(sums)


@pytest.mark.slow
@settings(deadline=None)
@given(fifths)
def test_sign_flip_counts_every_toss(differences: list[Fraction]) -> None:
    assert sign_flip(differences) == pytest.approx(tossed(differences))


@given(fifths, st.integers(1, 60))
def test_sign_flip_does_not_depend_on_the_unit_or_the_order(differences: list[Fraction], unit: int) -> None:
    moved = [one * unit / 7 for one in reversed(differences)]
    assert sign_flip(moved) == sign_flip(differences)


@pytest.mark.slow
@settings(deadline=None)  # by hand it takes a while
@given(floats)
def test_sign_flip_of_floats_stays_close_to_every_toss_and_is_never_zero(differences: list[float]) -> None:
    exact = [Fraction(one) for one in differences]
    total = sum(map(abs, exact))
    slack = total / 1000
    sums = [sum(signs) for signs in itertools.product(*((one, -one) for one in exact))]
    low = sum(one >= sum(exact) + slack for one in sums) / len(sums)
    high = sum(one >= sum(exact) - slack for one in sums) / len(sums)
    assert low <= sign_flip(differences) <= high
    assert sign_flip(differences) > 0


def test_sign_flip_of_all_worse_is_the_smallest_there_is_and_of_nothing_is_one() -> None:
    assert sign_flip([1] * 10) == 1 / 1024
    assert sign_flip([]) == sign_flip([0, 0]) == 1


def test_sign_flip_of_darwins_plants_is_as_published() -> None:
    """Fisher, The Design of Experiments (1935), section 21: 863 of 2^15 sums are at least as large as the one seen."""
    plants = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
    assert sign_flip(plants) * 2**15 == 863


@pytest.mark.slow
def test_sign_flip_of_a_thousand_cases_is_quick_and_close_to_the_normal_distribution() -> None:
    chance = random.Random(3)
    differences = [chance.gauss(0.05, 1) for _ in range(1000)]
    z = sum(differences) / math.sqrt(sum(one**2 for one in differences))
    assert sign_flip(differences) == pytest.approx(math.erfc(z / math.sqrt(2)) / 2, abs=0.01)


def test_fisher_of_the_lady_tasting_tea_is_as_published() -> None:
    """Fisher, The Design of Experiments (1935), section 5: 1 in 70 for all right, 17 in 70 for three."""
    assert fisher(4, 0, 0, 4) == pytest.approx(1 / 70)
    assert fisher(3, 1, 1, 3) == pytest.approx(17 / 70)


@settings(deadline=None)
@given(counts, counts, counts, counts)
def test_fisher_counts_every_way_to_deal_the_failures(bp: int, bf: int, hp: int, hf: int) -> None:
    trials, failed = bp + bf + hp + hf, bf + hf
    deals = list(itertools.combinations(range(trials), failed)) if trials <= 12 else []
    if deals:
        as_bad = sum(sum(place < hp + hf for place in deal) >= hf for deal in deals)
        assert fisher(bp, bf, hp, hf) == pytest.approx(as_bad / len(deals))
    assert 0 < fisher(bp, bf, hp, hf) <= 1 + 1e-12


def test_fisher_of_nothing_says_nothing() -> None:
    assert fisher(0, 0, 0, 0) == fisher(5, 0, 5, 0) == 1


def test_holm_is_as_worked_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_is_the_closed_test_of_bonferroni(ps: list[float]) -> None:
    """A p-value is as high as Bonferroni makes it in any set of hypotheses that it belongs to."""
    every = range(len(ps))
    sets = [chosen for size in every for chosen in itertools.combinations(every, size + 1)]
    closed = [max(min(1, len(one) * min(ps[k] for k in one)) for one in sets if index in one) for index in every]
    assert holm(ps) == pytest.approx(closed)


def test_thirty_clean_cases_only_exclude_drops_above_nine_and_a_half_points() -> None:
    assert at_most(0, 30) == pytest.approx(0.0950, abs=1e-4)
    assert needed(0.05) == 59
    assert at_most(0, 59) <= 0.05 < at_most(0, 58)


@given(st.integers(1, 40), st.data())
def test_what_is_not_excluded_is_the_largest_share_that_the_count_allows(among: int, data: st.DataObject) -> None:
    found = data.draw(st.integers(0, among - 1))
    share = at_most(found, among)
    chance = sum(math.comb(among, k) * share**k * (1 - share) ** (among - k) for k in range(found + 1))
    assert chance == pytest.approx(0.05, abs=1e-6)


def test_bounds_hold_at_their_ends() -> None:
    assert at_most(5, 5) == at_most(0, 0) == 1
    assert 0.5 < at_most(2500, 5000) < 0.52
    assert needed(0) == needed(1) == 1


def test_the_interval_is_that_of_the_normal_distribution_for_many_groups_and_equal_for_equal_seeds() -> None:
    chance = random.Random(1)
    groups = [(chance.gauss(0.1, 1), 1.0) for _ in range(400)]
    low, high = interval(groups, "seed", 2000)
    assert (low, high) == interval(groups, "seed", 2000) != interval(groups, "other", 2000)
    assert low == pytest.approx(ratio(groups) - 1.96 / 20, abs=0.02)
    assert high == pytest.approx(ratio(groups) + 1.96 / 20, abs=0.02)


def test_twice_the_change_needs_a_quarter_of_the_data() -> None:
    groups = [(1.0, 1.0), (-1.0, 1.0), (1.0, 1.0)]
    assert effort(0.2, groups) == pytest.approx(4 * effort(0.4, groups))
    assert effort(0.0, groups) == 1
