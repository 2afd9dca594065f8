"""How much one person may say in a minute."""

from mooring.chat.rates import MINUTE, MOST, Rates


def test_a_minute_slides_and_what_was_refused_is_not_counted() -> None:
    rates = Rates()
    assert [rates.take("ann", at, 2) for at in (0.0, 30.0, 59.0, 60.0, 61.0, 90.0)] == [
        True,
        True,
        False,
        True,
        False,
        True,
    ]
    assert rates.take("bob", 0.0, 1)
    assert not rates.take("cara", 0.0, 0)


def test_what_is_remembered_is_bounded() -> None:
    rates = Rates()
    for number in range(MOST + 10):
        rates.take(f"x{number}", 0.0, 1)
    assert len(rates._said) == MOST
    assert not rates.take(f"x{MOST}", MINUTE - 1, 1)
