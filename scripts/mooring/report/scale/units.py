"""Numbers of the scale report as text, the same on the terminal and on the page."""


def short(value: float) -> str:
    """`0.42`, `4.2`, `42`, `4,200`, `1.2 million`: two digits that mean something, or three."""
    for size, name in ((1e12, " trillion"), (1e9, " billion"), (1e6, " million")):
        if value >= size:
            return f"{_digits(value / size)}{name}"
    return _digits(value)


def _digits(value: float) -> str:
    if value == 0:
        return "0"
    if value < 0.01:
        return f"{value:.4f}"
    if value < 1:
        return f"{value:.2f}"
    if value < 10:
        return f"{value:.1f}".removesuffix(".0")
    step = 10 ** max(0, len(str(int(value))) - 3)
    return f"{round(value / step) * step:,.0f}"


def dollars(value: float) -> str:
    """`$42`, `$1.2 million`."""
    return f"${short(value)}"


def gigabytes(value: float) -> str:
    """`4.2 GB`, `1.2 TB`."""
    return f"{short(value / 1000)} TB" if value >= 1000 else f"{short(value)} GB"


def seconds(value: float) -> str:
    """`4.2 s`, `42 ms`."""
    return f"{short(value)} s" if value >= 1 else f"{short(value * 1000)} ms"


def percent(share: float) -> str:
    """`0.4 %`; a share of 0..1."""
    return f"{share * 100:.1f} %" if share else "0 %"


def times(value: float) -> str:
    """`1.7x`."""
    return f"{value:.2f}x" if value < 10 else f"{short(value)}x"
