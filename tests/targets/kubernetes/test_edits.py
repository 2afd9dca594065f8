"""Fields that somebody holds are compared with what was applied, by what the API server keeps of each."""

from typing import Any

from mooring.targets.kubernetes import edits
from mooring.targets.kubernetes.problems import Contested, explained


def service(fields: dict[str, Any], manager: str = "kubectl-edit", **spec: Any) -> dict[str, Any]:
    entry = {"manager": manager, "operation": "Update", "time": "2026-11-30T20:00:00Z", "fieldsV1": fields}
    return {"metadata": {"name": "shop", "managedFields": [entry]}, "spec": spec}


def found(thing: dict[str, Any], wanted: dict[str, Any]) -> list[tuple[str, str]]:
    return [(edit.where, edit.who) for edit in edits._of("Service", thing, wanted)]


def test_a_field_with_another_value_is_found_and_one_with_the_same_is_not() -> None:
    fields: dict[str, Any] = {"f:spec": {"f:type": {}, "f:selector": {}}}
    thing = service(fields, type="NodePort", selector={"a": "b"})
    wanted = {"spec": {"type": "ClusterIP", "selector": {"a": "b"}}}
    assert found(thing, wanted) == [("Service/shop spec.type", "kubectl-edit")]


def test_elements_of_lists_are_named_by_their_keys() -> None:
    fields: dict[str, Any] = {"f:spec": {"f:ports": {'k:{"port":80}': {".": {}, "f:targetPort": {}}}}}
    thing = service(fields, ports=[{"port": 80, "targetPort": 9}])
    wanted = {"spec": {"ports": [{"port": 80, "targetPort": "http"}]}}
    assert found(thing, wanted) == [("Service/shop spec.ports[port=80].targetPort", "kubectl-edit")]


def test_what_we_and_the_cluster_write_is_no_edit() -> None:
    fields: dict[str, Any] = {"f:spec": {"f:type": {}}}
    for manager in (*edits.OURS, "kube-controller-manager", "argocd-controller"):
        assert found(service(fields, manager, type="NodePort"), {"spec": {"type": "ClusterIP"}}) == []


class Answer:
    """What an API server says, as a client has it."""

    def __init__(self, status_code: int, said: dict[str, Any]) -> None:
        self.status_code, self._said, self.text = status_code, said, str(said)

    def json(self) -> dict[str, Any]:
        return self._said


def test_a_conflict_names_the_manager_and_the_field() -> None:
    cause = {
        "reason": "FieldManagerConflict",
        "message": 'conflict with "kubectl-patch" using v1',
        "field": ".spec.selector",
    }
    details = {"kind": "services", "name": "shop", "causes": [cause]}
    error = explained(Answer(409, {"message": "Apply failed", "details": details}), "shop")  # type: ignore[arg-type]
    assert isinstance(error, Contested)
    assert error.holders == {"kubectl-patch": [".spec.selector"]}
    assert "kubectl-patch set .spec.selector" in str(error)


def test_a_verb_that_is_lacking_comes_with_the_rule() -> None:
    message = (
        'deployments.apps "a" is forbidden: User "ann" cannot patch resource "deployments" in API group "apps" '
        'in the namespace "shop"'
    )
    error = explained(Answer(403, {"message": message}), "shop")  # type: ignore[arg-type]
    assert error.fix == 'add to the Role in shop: {apiGroups: ["apps"], resources: [deployments], verbs: [patch]}'
