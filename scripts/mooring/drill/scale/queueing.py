"""Results of queueing theory, by which the simulation is checked and short questions are answered.

Load is in Erlang: arrivals a second times seconds of service.
"""

from math import inf


def erlang_b(servers: int, load: float) -> float:
    """The share of arrivals that find all servers busy and go away (M/G/k/k, 0..1)."""
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked


def erlang_c(servers: int, load: float) -> float:
    """The share of arrivals that have to wait (M/M/k, 0..1); 1 where the load is more than the servers do."""
    if load >= servers:
        return 1.0
    blocked = erlang_b(servers, load)
    return blocked / (1 - load / servers * (1 - blocked))


def mean_wait(servers: int, load: float, service: float, variation: float = 1.0) -> float:
    """Mean seconds of waiting in M/G/k by the approximation of Allen and Cunneen, which is exact for M/M/k and M/G/1.

    `service` is the mean time of service in seconds, `variation` its squared coefficient of variation: 1 where it is
    exponential, 0 where it is always the same. Infinite where the load is more than the servers do.
    """
    if load >= servers:
        return inf
    return erlang_c(servers, load) * service / (servers - load) * (1 + variation) / 2
