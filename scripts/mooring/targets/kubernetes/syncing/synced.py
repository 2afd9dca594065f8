"""The API of a cluster whose objects are changed by commits: it reads from the cluster, and writes to a branch."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import yaml

from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.rollout.state import SLOTS
from mooring.targets.kubernetes import names
from mooring.targets.kubernetes.api import Api
from mooring.targets.kubernetes.look import annotations
from mooring.targets.kubernetes.manifests.objects import Object
from mooring.targets.kubernetes.rendering.plain import text
from mooring.targets.kubernetes.syncing.branch import Branch, Held
from mooring.targets.kubernetes.syncing.owned import Objects, Ref, content, merged, put, ref, settled, tokens

TRIES = 20
"""How often a commit is made again when somebody else pushed meanwhile."""

LOOK = 0.5
"""Seconds between two looks at whether the cluster has carried out a commit."""

Change = Callable[[Objects], object]


@dataclass
class Step:
    """Changes that become one commit. `objects` is how the branch looks with them; `touched` whose they are."""

    why: str
    wait: bool
    objects: Objects
    changes: list[Change] = field(default_factory=list)
    touched: set[Ref] = field(default_factory=set)
    tokens: set[int] = field(default_factory=set)

    def change(self, change: Change, touched: Ref) -> None:
        """Makes a change, to be made again on top of whatever somebody else commits before us."""
        change(self.objects)
        self.changes.append(change)
        self.touched.add(touched)


class SyncedApi(Api):
    """`wait` is how many seconds the cluster has to carry out a commit.

    Applying and deleting commit, and return when the cluster says so: automated sync is not fought, whether or not it
    prunes and heals. Secrets are created directly, and are never in a branch.
    """

    def __init__(self, context: str | None, namespace: str, environment: str, branch: Branch, wait: float) -> None:
        super().__init__(context, namespace)
        self._environment, self._branch, self._patience = environment, branch, wait
        self._step: Step | None = None
        self._why = ""

    @contextmanager
    def about(self, why: str) -> Iterator[None]:
        """What is committed in here says why."""
        before, self._why = self._why, why
        try:
            yield
        finally:
            self._why = before

    @contextmanager
    def step(self, why: str, *, token: int | None = None, wait: bool = True) -> Iterator[None]:
        """What is applied and deleted in here becomes one commit at the end; none, when that is not reached.

        It is refused when the branch was shown a newer fencing token than `token`, and those of what is applied.
        """
        if self._step is not None:
            yield
            return
        step = self._step = Step(why, wait, _objects(self._branch.read()))
        step.tokens |= set() if token is None else {token}
        try:
            yield
        finally:
            self._step = None
        self._commit(step)

    def get(self, kind: str, name: str) -> Object | None:
        """As the cluster has it, with what the step that is under way changes in it."""
        found = super().get(kind, name)
        if self._step is None or Ref(kind, name) not in self._step.touched:
            return found
        mine = self._step.objects.get(Ref(kind, name))
        if found is None or mine is None:
            return merged({"metadata": {"resourceVersion": "0"}}, mine) if mine else None
        return dict(merged(found, mine))

    def apply(self, manifest: Object, manager: str, *, force: bool = False) -> Object:
        """Commits an object as its manager has it. Refused(FENCED) when the branch was shown a newer token."""
        one = ref(manifest)
        with self.step(self._why or f"change {one.kind} {one.name}"):
            step = self._step
            assert step is not None  # noqa: S101 - for the type checker: it was made just now
            step.change(lambda objects: put(objects, manifest, manager), one)
            step.tokens |= set(tokens(iter([manifest])))
            return merged({"metadata": {"resourceVersion": "0"}}, step.objects[one])  # type: ignore[no-any-return]

    def delete(self, kind: str, name: str, version: str | None = None) -> None:
        """Commits that an object is not there any more."""
        one = Ref(kind, name)
        with self.step(self._why or f"delete {kind} {name}"):
            if self._step is not None:
                self._step.change(lambda objects: objects.pop(one, None), one)

    def _commit(self, step: Step) -> None:
        if not step.changes:
            return
        commit, objects = self._pushed(step)
        if step.wait:
            self._await(step, commit, objects)

    def _pushed(self, step: Step) -> tuple[str, Objects]:
        """The commit that holds the changes, on top of what others committed meanwhile, and the objects in it."""
        for _ in range(TRIES):
            held = self._branch.read()
            objects = _objects(held)
            self._admit(step, objects)
            for change in step.changes:
                change(objects)
            objects = settled(objects)
            files = {_file(one): text(self._environment, [objects[one]]) for one in objects}
            if files == held.files and held.commit:
                return held.commit, objects
            commit = self._branch.write(held, files, self._message(step, objects))
            if commit:
                return commit, objects
        what = f"{self._branch.name} at {self._branch.remote} is pushed to faster than it can be read"
        raise Failed(Reason.PROCESS, what, "find out who pushes to it")

    def _admit(self, step: Step, objects: Objects) -> None:
        """Refused(FENCED) when the branch was shown a newer token than the step has."""
        newest = max(tokens(iter(objects.values())), default=0)
        if step.tokens and newest > max(step.tokens):
            mine = max(step.tokens)
            what = f"another process took over {self._environment} (token {newest}, mine {mine})"
            raise Refused(Reason.FENCED, what)

    def _message(self, step: Step, objects: Objects) -> str:
        """What the commit says: why, and who is where from then on."""
        named = {slot: Ref("Deployment", names.deployment(self._environment, slot)) for slot in SLOTS}
        held = {slot: annotations(objects[one]) for slot, one in named.items() if one in objects}
        said = [f"Mooring-{slot.title()}: {notes.get(names.DIGEST, 'nothing')}" for slot, notes in held.items()]
        if service := objects.get(Ref("Service", names.service(self._environment))):
            said.append(f"Mooring-Live: {(service['spec'].get('selector') or {}).get(names.SLOT, 'nobody')}")
        if step.tokens:
            said.append(f"Mooring-Token: {max(step.tokens)}")
        return "\n".join([f"{self._environment}: {step.why}", "", *said, ""])

    def _await(self, step: Step, commit: str, objects: Objects) -> None:
        """Returns when the cluster has what was committed. Failed(DEADLINE) when nobody carries it out."""
        end = time.monotonic() + self._patience
        waiting = sorted(step.touched)
        while waiting := [one for one in waiting if not self._carried_out(one, objects.get(one))]:
            if time.monotonic() > end:
                what = (
                    f"commit {commit[:12]} on {self._branch.name} was not carried out in {self._patience:.0f} s: "
                    f"{waiting[0].kind} {waiting[0].name} is not what it says"
                )
                fix = (
                    f"see why Argo CD or Flux does not sync {self._branch.folder} of that branch "
                    "(argocd app get NAME, flux get kustomizations), then run this again; the commit stands"
                )
                raise Failed(Reason.DEADLINE, what, fix)
            time.sleep(LOOK)

    def _carried_out(self, one: Ref, wanted: Object | None) -> bool:
        found = super().get(one.kind, one.name)
        if wanted is None:
            return found is None or "deletionTimestamp" in found["metadata"]
        return found is not None and content(found) == content(wanted)


def _objects(held: Held) -> Objects:
    loaded = (one for body in held.files.values() for one in yaml.load_all(body, yaml.CSafeLoader) if one)
    return {ref(one): one for one in loaded}


def _file(one: Ref) -> str:
    return f"{one.kind.lower()}-{one.name}.yaml"
