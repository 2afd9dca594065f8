"""What goes wrong in a cluster: told apart, said with a fix, and never at the cost of what is live."""

import os
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from lightkube.models.core_v1 import ServicePort, ServiceSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Namespace, Pod, ResourceQuota, Service

from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.rollout.state import Phase, Side, other
from mooring.targets.kubernetes import names, requirements, standby
from mooring.targets.kubernetes.fence import Fence, scale
from mooring.targets.kubernetes.problems import Contested
from mooring.targets.kubernetes.target import Kubernetes
from tests.cluster import rights, sample
from tests.cluster.objects import made
from tests.targets.house import loaded
from tests.targets.kubernetes.house import KubernetesHouse, Place, open_house

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def release(release: Any, place: Place) -> Any:
    return partial(release, **place.values())


@pytest.fixture(scope="module")
def house(place: Place, release: Any) -> Iterator[KubernetesHouse]:
    """`one` is live, `two` is warm."""
    opened = open_house(place, release("one"))
    opened.deploy(release("two"))
    opened.deploy(release("one"))
    yield opened
    opened.close()


def twin(house: KubernetesHouse, context: str | None = None) -> Kubernetes:
    """Another runner of the same environment."""
    target = house.target
    made = Kubernetes(target.root, target._environment, target.state)
    if context:
        made.__dict__["target"] = target.target.model_copy(update={"context": context})
    return made


def kubectl(house: KubernetesHouse, *arguments: str) -> str:
    """As somebody at a shell."""
    command = ["kubectl", "-n", house.at.namespace, *arguments]
    environ = {**os.environ, "KUBECONFIG": str(house.at.plane.kubeconfig)}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environ).stdout


def patched(
    house: KubernetesHouse, kind: Any, name: str, content: dict[str, Any], manager: str = "kubectl-patch"
) -> None:
    """As `kubectl patch` does, where there is none."""
    from lightkube.types import PatchType

    house.at.plane.client.patch(
        kind, name, content, namespace=house.at.namespace, patch_type=PatchType.MERGE, field_manager=manager
    )


def test_hand_edits_of_a_slot_are_found_with_who_and_field_and_applied_again(house: KubernetesHouse) -> None:
    deployment = names.deployment(house.name, other(house.live))
    kubectl(house, "scale", "deployment", deployment, "--replicas=1")
    kubectl(house, "set", "env", f"deployment/{deployment}", "EXTRA=1")
    found = house.target.edits()
    assert {edit.who for edit in found} == {"kubectl", "kubectl-set"}
    assert any(edit.where == f"Deployment/{deployment} spec.replicas" for edit in found)
    assert any("env[name=EXTRA]" in edit.where for edit in found)
    house.target.reapply()
    assert house.target.edits() == []
    house.until(lambda: house.target.facts().slots[other(house.live)].ready, 60)


def test_another_cluster_is_refused_with_both_ids(house: KubernetesHouse) -> None:
    target = twin(house)
    elsewhere = "00000000-0000-4000-8000-000000000000"
    target.__dict__["target"] = house.target.target.model_copy(update={"cluster": elsewhere})
    with pytest.raises(Refused) as refused:
        target.ensure()
    assert refused.value.reason is Reason.STALE
    assert elsewhere in str(refused.value)
    assert house.target.target.cluster in str(refused.value)


def test_a_namespace_that_is_not_there_or_goes_is_said(house: KubernetesHouse) -> None:
    target = twin(house)
    target.__dict__["target"] = house.target.target.model_copy(update={"namespace": "nowhere"})
    with pytest.raises(Failed, match="no namespace nowhere"):
        target.ensure()
    client = house.at.plane.client
    client.create(made(Namespace, {"metadata": {"name": "going"}}))
    held = {"metadata": {"name": "held", "namespace": "going", "finalizers": ["tests/held"]}}
    from lightkube.resources.core_v1 import ConfigMap

    client.create(made(ConfigMap, held))
    client.delete(Namespace, "going")
    target = twin(house)
    target.__dict__["target"] = house.target.target.model_copy(update={"namespace": "going"})
    with pytest.raises(Refused, match="namespace going is being deleted"):
        target.ensure()
    client.patch(ConfigMap, "held", {"metadata": {"finalizers": None}}, namespace="going")


def somebody(house: KubernetesHouse, name: str, needs: dict[str, list[str]]) -> str:
    """The kubeconfig of a user who may do what is named in the namespace, and see which cluster it is."""
    client, namespace = house.at.plane.client, house.at.namespace
    rules = [{"apiGroups": [requirements.GROUPS[resource.partition("/")[0]]], "resources": [resource], "verbs": verbs}
             for resource, verbs in needs.items()]  # fmt: skip
    rights.grant(client, namespace, name, rights.user(name), rules)
    look = {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get"]}
    rights.grant_everywhere(client, name, rights.user(name), [look])
    return str(house.at.plane.user(name))


def needed(*more: dict[str, tuple[str, ...]]) -> dict[str, list[str]]:
    """The verbs that whoever deploys needs, and more, by resource."""
    found: dict[str, list[str]] = {}
    for each in (requirements.NEEDS, *more):
        for name, verbs in each.items():
            found.setdefault(name, []).extend(verbs)
    return found


def test_every_verb_that_is_lacking_is_named_with_the_rules_to_add(
    house: KubernetesHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs = needed()
    needs["deployments"].remove("patch")
    needs["pods/proxy"].remove("create")
    monkeypatch.setenv("KUBECONFIG", somebody(house, "deployer", needs))
    with pytest.raises(Refused) as refused:
        twin(house).ensure()
    assert refused.value.reason is Reason.GUARDED
    assert "you may not patch deployments; create pods/proxy" in str(refused.value)
    assert '{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["patch"]}' in refused.value.fix


def test_whoever_has_the_rights_that_are_asked_for_brings_an_environment_up_with_its_keepers_role(
    house: KubernetesHouse, release: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", somebody(house, "exact", needed()))
    target = twin(house)
    fresh = release("one").content.environment.model_copy(update={"name": "exact"})
    target._environment = fresh
    content = release("one").content.model_copy(update={"environment": fresh})
    target.ensure()
    target._apply_shared(content)  # nobody may grant what they may not do
    assert target.api.get("Role", names.keeper("exact"))


def test_a_drill_asks_for_all_its_rights_before_it_changes_anything(
    house: KubernetesHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", somebody(house, "drills-not", needed()))
    with pytest.raises(Refused) as refused:
        twin(house).drillable()
    assert refused.value.reason is Reason.GUARDED
    said = str(refused.value)
    for what in ("delete pods", "get, create services/proxy", "list, delete roles", "list, delete services"):
        assert what in said
    assert '{"apiGroups": [""], "resources": ["services/proxy"], "verbs": ["get", "create"]}' in refused.value.fix
    monkeypatch.setenv("KUBECONFIG", somebody(house, "drills", needed(requirements.DRILLS)))
    twin(house).drillable()


def test_a_service_of_somebody_else_is_left_alone(house: KubernetesHouse) -> None:
    target = twin(house)
    target._environment = house.target._environment.model_copy(update={"name": "shared"})  # type: ignore[union-attr]
    spec = ServiceSpec(ports=[ServicePort(port=80)], selector={"app": "theirs"})
    client = house.at.plane.client
    client.create(Service(metadata=ObjectMeta(name="shared", namespace=house.at.namespace), spec=spec))
    with pytest.raises(Refused, match="Service shared that is not ours, made by tests") as refused:
        target.ensure()
    assert refused.value.reason is Reason.OCCUPIED
    assert client.get(Service, "shared", namespace=house.at.namespace).spec.selector == {"app": "theirs"}  # type: ignore[union-attr]
    client.delete(Service, "shared", namespace=house.at.namespace)


def test_keys_that_the_secret_lacks_are_named_and_no_value_is(house: KubernetesHouse) -> None:
    with pytest.raises(Refused, match=r"the Secret mooring in .* lacks: NOR_THIS, NOT_THERE") as refused:
        requirements.secrets(house.target.api, house.target.target, ["NOT_THERE", "NOR_THIS", "STATE_URL"])
    assert "postgresql:" not in f"{refused.value} {refused.value.fix}"


SHORT = {"environment.rollout.deadlineSeconds": 8}


def failing(house: KubernetesHouse, release: Any) -> Failed:
    """What a deployment that cannot work ends with; what is live stays."""
    before = house.ask()["digest"]
    with pytest.raises(Failed) as failed:
        house.deploy(release)
    assert house.ask()["digest"] == before
    assert house.at_rest()
    return failed.value


def test_an_image_that_cannot_be_pulled_says_so(house: KubernetesHouse, release: Any) -> None:
    missing = house.at.document(image=f"registry.test/none@sha256:{'b' * 64}")
    failed = failing(house, release("no image", **SHORT, **{"environment.target": missing}))
    assert "ImagePull" in str(failed)
    assert "registry.test/none" in str(failed)


def test_a_container_that_ends_again_and_again_says_its_last_words(house: KubernetesHouse, release: Any) -> None:
    failed = failing(house, release("dead"))
    assert failed.reason is Reason.NOT_READY
    assert "this release cannot start" in str(failed)


def test_a_quota_that_is_used_up_says_so(house: KubernetesHouse, release: Any) -> None:
    client, namespace = house.at.plane.client, house.at.namespace
    quota = {"metadata": {"name": "few", "namespace": namespace}, "spec": {"hard": {"pods": "1"}}}
    client.create(made(ResourceQuota, quota))
    try:
        house.until(lambda: client.get(ResourceQuota, "few", namespace=namespace).status.hard, 30)  # type: ignore[union-attr]
        assert "exceeded quota: few" in str(failing(house, release("too many", **SHORT)))
    finally:
        client.delete(ResourceQuota, "few", namespace=namespace)


def test_pods_that_fit_nowhere_say_so(house: KubernetesHouse, release: Any) -> None:
    big = house.at.document(resources={"cpu": "64", "memory": "64Mi"})
    assert "Insufficient cpu" in str(failing(house, release("big", **SHORT, **{"environment.target": big})))


def test_pods_deleted_at_random_under_load_cost_no_request(house: KubernetesHouse, release: Any) -> None:
    before, client = house.whole(), house.at.plane.client

    def work() -> None:
        for _ in range(2):
            client.delete(Pod, house.pods(house.live)[0], namespace=house.at.namespace)
            time.sleep(1)
            house.until(lambda: house.target.facts().slots[house.live].ready and len(house.pods(house.live)) == 2, 60)
            house.until(lambda: all(worker.ready for worker in house.target.facts().slots[house.live].workers), 60)

    refused = house.refused
    load = loaded(house, work)
    assert (load.errors, house.refused - refused) == ([], 0)
    assert len(load.answers) > 100
    assert house.whole().totals["lost"] == before.totals["lost"]


def test_a_standby_is_scaled_to_nothing_in_time_and_a_rollback_brings_it_back(
    house: KubernetesHouse, release: Any
) -> None:
    house.deploy(release("newer"))
    slot = other(house.live)
    assert standby.tend(house.target) is None
    assert standby.tend(house.target, time.time() + 73 * 3600) == slot
    house.until(lambda: not house.pods(slot), 60)
    facts = house.target.facts().slots[slot]
    assert not facts.ready
    assert "scaled to 0" in facts.reasons[0]
    assert house.rollback().slot == slot
    house.sound()


def test_a_standby_has_fewer_pods_and_all_before_it_gets_the_traffic(house: KubernetesHouse, release: Any) -> None:
    few = {"environment.rollout.warm": {"hours": 72, "replicas": 1}}
    house.deploy(release("first with few", **few))
    house.deploy(release("second with few", **few))
    idle = other(house.live)
    house.until(lambda: len(house.pods(idle)) == 1, 60)
    assert house.target.facts().slots[idle].ready
    house.rollback()
    assert len(house.pods(house.live)) == 2
    house.sound()


def placed(house: KubernetesHouse, slot: str) -> set[str]:
    """The nodes that a slot's pods are on."""
    client, namespace = house.at.plane.client, house.at.namespace
    return {str(client.get(Pod, name, namespace=namespace).spec.nodeName) for name in house.pods(slot)}  # type: ignore[union-attr]


def test_the_pods_of_a_slot_are_on_both_nodes_though_one_is_busier_and_none_has_a_zone(
    house: KubernetesHouse, release: Any
) -> None:
    node, client, namespace = house.at.nodes[0], house.at.plane.client, house.at.namespace
    node.images[sample.IMAGE] = sample.SERVER
    busy = sample.pod_spec({"resources": {"requests": {"cpu": "12"}}}) | {"nodeName": node.name}
    client.create(made(Pod, {"metadata": {"name": "busy", "namespace": namespace}, "spec": busy}))
    house.deploy(release("beside a busy one"))
    assert placed(house, house.live) == {each.name for each in house.at.nodes}
    client.delete(Pod, "busy", namespace=namespace, grace_period=0)


def test_a_node_that_goes_away_in_the_bake_does_not_take_the_release_with_it(
    house: KubernetesHouse, release: Any
) -> None:
    """Half of its pods serve on, and the deployment says how it ended; what is live answers."""
    new = release("node goes", **{"environment.rollout.bakeSeconds": 8})
    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(house.deploy_apart, new)
        house.until(lambda: house.ledger.state(house.name).phase is Phase.BAKING, 90)
        node = house.at.nodes[1]
        node.go_away()
        try:
            outcome = ended.result()
        finally:
            node.come_back()
    assert outcome in ("deploy", "bake-failed"), house.said[-5:]
    house.until(house.at_rest, 30)
    house.until(lambda: house.target.facts().slots[house.live].ready, 90)
    assert house.ledger.state(house.name).live == house.target.facts().live


def test_the_api_server_restarts_in_the_middle_of_a_rollout_which_goes_on(house: KubernetesHouse, release: Any) -> None:
    new = release("api restarts", **{"environment.rollout.bakeSeconds": 5})
    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(house.deploy_apart, new)
        house.until(lambda: house.ledger.state(house.name).phase is Phase.BAKING, 60)
        house.at.plane.restart_api()
        assert ended.result() == "deploy"
    house.until(lambda: house.ask()["digest"] == new.digest, 30)
    house.sound()


# From here on, the target has seen newer tokens than the ledger has given out.


def test_of_two_runners_the_older_token_can_do_nothing(house: KubernetesHouse, release: Any) -> None:
    first, second = house.target, twin(house)
    token = first.facts().token
    second.fence(token + 1)
    idle, before = other(house.live), first.facts().live
    warm = house.until(lambda: first.facts().warm(), 60)
    for work in (
        lambda: first.stage(Side(idle, release("three").digest), token),
        lambda: first.switch(warm, token),
        lambda: first.discard(warm, token, None),
        lambda: first.fence(token),
    ):
        first.put(release("three"))
        with pytest.raises(Refused) as refused:
            work()
        assert refused.value.reason is Reason.FENCED
    assert first.facts().live == before


def test_a_runner_that_slept_between_its_look_and_its_write_is_fenced(house: KubernetesHouse) -> None:
    token, idle = house.target.facts().token, other(house.live)
    before = house.target.facts().slots[idle]

    def sleeps(found: Any) -> Any:
        """Meanwhile another one takes over."""
        if int(found["metadata"]["annotations"][names.TOKEN]) == token:
            twin(house).fence(token + 1)
        return scale(found, {}, 0)

    with pytest.raises(Refused) as refused:
        Fence(house.target.api, house.name).deployment(idle, token, sleeps)
    assert refused.value.reason is Reason.FENCED
    assert len(house.target.facts().slots[idle].workers) == len(before.workers)


def test_a_selector_that_is_moved_by_hand_during_a_rollout_is_refused_with_who_did_it(house: KubernetesHouse) -> None:
    target, live = house.target, house.target.facts().live
    assert live
    idle = other(live.slot)
    warm = target.facts().slots[idle].digest
    assert warm
    token = target.facts().token + 1
    target.fence(token)
    patched(house, Service, house.name, {"spec": {"selector": {names.SLOT: idle}}})
    with pytest.raises(Contested, match=r"kubectl-patch set \.spec\.selector") as contested:
        target.switch(live, token)
    assert contested.value.reason is Reason.CONTESTED
    found = [edit for edit in target.edits() if edit.where.endswith("spec.selector")]
    assert [edit.who for edit in found] == ["kubectl-patch"]
    assert found[0].since
    target.reapply()
    assert target.facts().live == live
    assert target.edits() == []
