"""What the pods of an environment counted: each writes a row about once a second, and its last counts when it ends.

Pods come and go, so the sum over a slot is of all that ever were. A pod that vanished without its last counts is told
by its row growing old; what it had in flight then is lost. Rows of pods that are gone are folded into one for each
slot, so that there are never more rows than pods that there were lately.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from mooring.state.records.statements import Statements

COUNTS = ("received", "answered", "failed", "abandoned", "in_flight")

BEAT_SECONDS = 5.0
"""Between two times that a pod says that it is there when nothing else changed."""

GONE_SECONDS = 20.0
"""After so many seconds without, and unless somebody knows better, it is taken for dead."""

KEEP_SECONDS = 600.0
"""How long the row of a pod is kept that has ended, for whoever still has it in a list of what there is."""

FORGET_SECONDS = 3600.0
"""How long that of a pod is kept that vanished: one that was merely cut off from the database comes back."""

FOLDED = "folded"
"""The pod of a row that many were folded into."""


@dataclass(frozen=True, slots=True)
class Pod:
    """One process of a pod. `id` names the process, `uid` the pod, whose container may be started again.

    `admin` is host:port of its admin door. Times are Unix time by the database's clock; `ended` is None while it runs.
    """

    id: str
    environment: str
    slot: str
    digest: str
    pod: str
    uid: str
    admin: str = ""
    received: int = 0
    answered: int = 0
    failed: int = 0
    abandoned: int = 0
    in_flight: int = 0
    lost: int = 0
    began: float = 0.0
    beat: float = 0.0
    ended: float | None = None

    @property
    def counts(self) -> dict[str, int]:
        """By name, as `COUNTS` has them."""
        return {name: getattr(self, name) for name in COUNTS}

    def counting(self, counts: Mapping[str, int]) -> "Pod":
        """With other counts."""
        values: dict[str, Any] = {name: counts.get(name, 0) for name in COUNTS}
        return replace(self, **values)

    def over(self) -> "Pod":
        """As one that has ended: what it had in flight is lost."""
        return replace(self, in_flight=0, lost=self.lost + self.in_flight)


@dataclass(slots=True)
class Sum:
    """Requests of a slot over all pods that it ever had; `lost` were in flight in pods when these ended."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*COUNTS, "lost"), 0))

    def add(self, pod: Pod) -> None:
        for name in self.counts:
            self.counts[name] += getattr(pod, name)


_INSERT = """insert into pods (id, environment, slot, digest, pod, uid, admin, received, answered, failed, abandoned,
    in_flight, lost, began, beat, ended) values (:id, :environment, :slot, :digest, :pod, :uid, :admin, :received,
    :answered, :failed, :abandoned, :in_flight, :lost, :began, :beat, :ended)"""
_BEAT = """update pods set received = :received, answered = :answered, failed = :failed, abandoned = :abandoned,
    in_flight = :in_flight, lost = :lost, beat = :beat, ended = :ended where id = :id returning id"""
_OF = """select id, environment, slot, digest, pod, uid, admin, received, answered, failed, abandoned, in_flight, lost,
    began, beat, ended from pods where environment = :environment order by slot, began, id"""
_LIVING = """select count(distinct uid) from pods where environment = :environment and slot = :slot
    and ended is null and beat > :since"""
_TAKE = """delete from pods where environment = :environment and pod <> :folded
    and (ended < :ended or (ended is null and beat < :beat)) returning id, environment, slot, digest, pod, uid, admin,
    received, answered, failed, abandoned, in_flight, lost, began, beat, ended"""
_ADD = """ on conflict (id) do update set beat = excluded.beat, ended = excluded.ended,
    received = pods.received + excluded.received, answered = pods.answered + excluded.answered,
    failed = pods.failed + excluded.failed, abandoned = pods.abandoned + excluded.abandoned,
    in_flight = 0, lost = pods.lost + excluded.lost"""
_CODE = "delete from running_code where folder like :folder"
_MACHINE = "delete from machines where id = :uid"


def begin(statements: Statements, pod: Pod) -> None:
    """Writes the row of a process that begins, or goes on after its row was folded."""
    now = statements.now()
    statements(_INSERT, **asdict(replace(pod, began=pod.began or now, beat=now)))


def beat(statements: Statements, pod: Pod, ended: bool = False) -> bool:
    """Writes what it has counted by now; False when it has no row any more, as after a long silence."""
    now = statements.now()
    said = pod.over() if ended else pod
    values = {name: getattr(said, name) for name in (*COUNTS, "lost")}
    return bool(statements(_BEAT, id=pod.id, beat=now, ended=now if ended else None, **values))


def of(statements: Statements, environment: str) -> list[Pod]:
    """Every row of an environment: pods that run, that ended, and the one that others were folded into."""
    return [Pod(*row) for row in statements(_OF, environment=environment)]


def living(statements: Statements, environment: str, slot: str) -> int:
    """How many pods of a slot run, as far as they say so."""
    since = statements.now() - GONE_SECONDS
    return int(statements(_LIVING, environment=environment, slot=slot, since=since)[0][0])


def fold(statements: Statements, environment: str) -> int:
    """Adds the rows of pods that are gone for long to those of their slots; how many there were."""
    now = statements.now()
    ages = {"ended": now - KEEP_SECONDS, "beat": now - FORGET_SECONDS}
    gone = statements(_TAKE, environment=environment, folded=FOLDED, **ages)
    for pod in (Pod(*row) for row in gone):
        whole = replace(pod.over(), id=f"{FOLDED}/{environment}/{pod.slot}", pod=FOLDED, uid="", admin="", digest="")
        statements(_INSERT + _ADD, **asdict(replace(whole, beat=now, ended=now)))
        statements(_CODE, folder=f"{pod.pod}:%")
        statements(_MACHINE, uid=pod.uid)
    return len(gone)


def totals(
    pods: Iterable[Pod], now: float, said: Iterable[Mapping[str, Any]] = (), there: Iterable[str] | None = None
) -> dict[str, Sum]:
    """The sums by slot.

    `said` is what admin doors answer to `GET /health`, which is newer than the rows. `there` are the uids of all pods
    that there are, for who can say so: without it, age tells which are gone.
    """
    rows, fresh = list(pods), {str(health["row"]): health for health in said if health.get("row")}
    newest = {pod.uid: pod.id for pod in sorted(rows, key=lambda pod: pod.began)}
    present = None if there is None else set(there)
    sums: dict[str, Sum] = {}
    for pod in rows:
        lives = now - pod.beat < GONE_SECONDS if present is None else pod.uid in present and newest[pod.uid] == pod.id
        if pod.ended is None and (health := fresh.get(pod.id)):
            pod = pod.counting(health["counts"])
        elif pod.ended is None and not lives:
            pod = pod.over()
        sums.setdefault(pod.slot, Sum()).add(pod)
    for row in fresh.keys() - {pod.id for pod in rows}:  # the database has not heard of it yet
        slot = str(fresh[row]["slot"])
        unknown = Pod(row, "", slot, "", "", "").counting(fresh[row]["counts"])
        sums.setdefault(slot, Sum()).add(unknown)
    return sums
