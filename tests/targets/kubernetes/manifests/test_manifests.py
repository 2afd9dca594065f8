"""What a release becomes in a cluster: nothing secret, nothing privileged, nothing lost when pods come and go."""

import json
from typing import Any

import pytest

from mooring.errors import UsageError
from mooring.metrics import IN_FLIGHT
from mooring.rollout.state import Side
from mooring.targets.kubernetes import names
from mooring.targets.kubernetes.manifests.access import GRANTS
from mooring.targets.kubernetes.manifests.environment import service, shared
from mooring.targets.kubernetes.manifests.slot import slot
from mooring.targets.kubernetes.requirements import GROUPS, NEEDS
from tests.targets.kubernetes.manifests.conftest import DIGEST, Make

Object = dict[str, Any]


def of(objects: list[Object], kind: str, name: str | None = None) -> Object:
    (found,) = [one for one in objects if one["kind"] == kind and name in (None, one["metadata"]["name"])]
    return found


def pods(objects: list[Object]) -> list[Object]:
    return [one["spec"]["template"] for one in objects if one["kind"] == "Deployment"]


def variables(objects: list[Object], name: str | None = None) -> dict[str, Object]:
    (pod,) = pods([of(objects, "Deployment", name)])
    return {one["name"]: one for one in pod["spec"]["containers"][0]["env"]}


def test_pods_write_to_their_state_and_tmp_only_and_have_no_privileges(made: Make) -> None:
    for pod in pods(shared(made()) + slot(made(), "blue", DIGEST, 3)):
        spec, (container,) = pod["spec"], pod["spec"]["containers"]
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        mounted = {one["name"]: one["mountPath"] for one in container["volumeMounts"]}
        assert mounted == {"state": "/var/lib/mooring", "tmp": "/tmp"}
        assert variables_of(container)[names.STATE]["value"] == mounted["state"]
        assert all("emptyDir" in one for one in spec["volumes"])
        assert container["resources"]["limits"]["memory"] == container["resources"]["requests"]["memory"]


def variables_of(container: Object) -> dict[str, Object]:
    return {one["name"]: one for one in container["env"]}


def test_a_slot_gets_the_secrets_that_it_needs_by_the_name_of_their_keys(made: Make) -> None:
    found = variables(slot(made(secret="agents-secrets"), "blue", DIGEST, 3))
    secrets = {name: one["valueFrom"]["secretKeyRef"] for name, one in found.items() if "secretKeyRef" in str(one)}
    assert secrets.pop(names.ADMIN_TOKEN) == {"name": "production-admin", "key": "token"}
    keys = {model.key_variable for model in made().models.values()} - {None}
    assert set(secrets) == {"DATABASE_URL", "SHOP_KEY", *keys}
    assert all(one == {"name": "agents-secrets", "key": name} for name, one in secrets.items())
    assert found[names.DATABASE]["value"] == "DATABASE_URL"


def test_simulated_models_need_no_keys(made: Make) -> None:
    found = variables(slot(made({"environment.endpoints": "simulated"}), "blue", DIGEST, 3))
    assert not {model.key_variable for model in made().models.values()} & set(found)


def test_keys_of_real_providers_alone_are_given_where_others_are_simulated(made: Make) -> None:
    by_provider: dict[str, list[str]] = {}
    for model in made().models.values():
        by_provider.setdefault(model.provider, []).extend([model.key_variable] if model.key_variable else [])
    real = next(provider for provider, keys in by_provider.items() if keys)
    endpoints = {provider: "real" if provider == real else "simulated" for provider in by_provider}
    found = variables(slot(made({"environment.endpoints": endpoints}), "blue", DIGEST, 3))
    assert {key for keys in by_provider.values() for key in keys} & set(found) == set(by_provider[real])


def test_the_keeper_gets_no_key_of_a_model_and_no_callers_key(made: Make) -> None:
    found = variables(shared(made()), "production-keeper")
    assert not {model.key_variable for model in made().models.values()} & set(found)
    assert "SHOP_KEY" not in found
    assert {"DATABASE_URL", names.ADMIN_TOKEN} <= set(found)


def test_only_the_keeper_speaks_to_the_api_server(made: Make) -> None:
    mounts = {
        pod["spec"]["serviceAccountName"]: pod["spec"]["automountServiceAccountToken"]
        for pod in pods(shared(made()) + slot(made(), "blue", DIGEST, 3))
    }
    assert mounts == {"production": False, "production-keeper": True}


def test_the_keeper_may_read_no_secret_and_change_only_what_is_the_environments(made: Make) -> None:
    rules = of(shared(made()), "Role")["rules"]
    assert "secrets" not in json.dumps(rules)
    assert "*" not in json.dumps(rules)
    for rule in rules:
        if {"patch", "delete", "update"} & set(rule["verbs"]):
            assert set(rule["resourceNames"]) <= {"production", "production-blue", "production-green"}
    assert all(grant.reason for grant in GRANTS)
    assert "resourceNames" not in json.dumps([rule for rule in rules if "list" in rule["verbs"]])


def test_whoever_deploys_has_every_right_that_they_grant_to_the_keeper() -> None:
    for grant in GRANTS:
        assert GROUPS[grant.resource.partition("/")[0]] == grant.group
        assert set(grant.verbs) <= set(NEEDS[grant.resource]), grant


def test_the_service_names_the_live_slot_and_nobody_before_there_is_one(made: Make) -> None:
    first, live = service(made(), None, 1), service(made(port=8080), Side("green", DIGEST), 7)
    selected = {names.ENVIRONMENT: "production", names.SLOT: "green"}
    assert live["spec"]["selector"] == selected
    assert live["metadata"]["annotations"] == {names.TOKEN: "7", names.DIGEST: DIGEST}
    assert live["spec"]["ports"] == [{"name": "http", "port": 8080, "targetPort": "http", "protocol": "TCP"}]
    assert first["spec"]["selector"][names.SLOT] not in ("blue", "green")
    (pod,) = pods(slot(made(), "green", DIGEST, 3))
    assert selected.items() <= pod["metadata"]["labels"].items()


def test_a_pod_that_ends_has_time_for_the_requests_under_way(made: Make) -> None:
    (pod,) = pods(slot(made({"environment.rollout.drainSeconds": 180.5}), "blue", DIGEST, 3))
    pause = pod["spec"]["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod["spec"]["terminationGracePeriodSeconds"] >= 180.5 + pause + 10


def test_what_a_release_decides_is_not_in_the_selector_which_never_changes(made: Make) -> None:
    found = {
        json.dumps(of(slot(content, "blue", digest, 3), "Deployment")["spec"]["selector"])
        for content, digest in ((made(), DIGEST), (made(replicas=9), f"sha256:{'cd' * 32}"))
    }
    assert len(found) == 1


def test_a_release_is_named_in_full_and_by_a_label_that_fits(made: Make) -> None:
    deployment = of(slot(made(), "blue", DIGEST, 3), "Deployment")
    for metadata in (deployment["metadata"], deployment["spec"]["template"]["metadata"]):
        assert metadata["annotations"][names.DIGEST] == DIGEST
        assert metadata["labels"][names.RELEASE] == "ab" * 16
    assert deployment["spec"]["template"]["spec"]["containers"][0]["command"][-1] == DIGEST


def test_a_slot_that_loses_the_traffic_says_since_when_and_its_pods_stay_as_they_are(made: Make) -> None:
    before, after = (slot(made(), "blue", DIGEST, 3, since) for since in (None, 1_800_000_000.4))
    assert of(after, "Deployment")["metadata"]["annotations"][names.IDLE_SINCE] == "1800000000"
    assert pods(before) == pods(after)


def test_with_autoscaling_the_number_of_pods_is_the_autoscalers_alone(made: Make) -> None:
    content = made(autoscaling={"most": 20, "cpu": 0.6, "in_flight": 8})
    found = slot(content, "blue", DIGEST, 3)
    assert "replicas" not in of(found, "Deployment")["spec"]
    scaler = of(found, "HorizontalPodAutoscaler")["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (3, 20)
    assert scaler["scaleTargetRef"]["name"] == of(found, "Deployment")["metadata"]["name"]
    pods_metric, cpu = scaler["metrics"]
    assert pods_metric["pods"]["metric"]["name"] == IN_FLIGHT
    assert pods_metric["pods"]["target"]["averageValue"] == "8"
    assert cpu["resource"]["target"]["averageUtilization"] == 60


def test_without_a_metric_of_requests_processor_time_counts(made: Make) -> None:
    found = slot(made(autoscaling={"most": 20}), "blue", DIGEST, 3)
    assert [one["type"] for one in of(found, "HorizontalPodAutoscaler")["spec"]["metrics"]] == ["Resource"]


def test_a_warm_slot_is_not_scaled_up_and_one_without_pods_has_no_autoscaler(made: Make) -> None:
    content = made(autoscaling={"most": 20})
    warm = of(slot(content, "blue", DIGEST, 2, idle_since=1.0), "HorizontalPodAutoscaler")["spec"]
    assert (warm["minReplicas"], warm["maxReplicas"]) == (2, 2)
    retired = slot(content, "blue", DIGEST, 0, idle_since=1.0)
    assert of(retired, "Deployment")["spec"]["replicas"] == 0
    assert "HorizontalPodAutoscaler" not in {one["kind"] for one in retired}


def test_a_pod_is_probed_over_tls_where_it_speaks_tls(made: Make) -> None:
    tls = {"certificate": "file:/etc/tls/tls.crt", "key": "file:/etc/tls/tls.key"}
    for changes, scheme in (({}, "HTTP"), ({"environment.serving.tls": tls}, "HTTPS")):
        (pod,) = pods(slot(made(changes), "blue", DIGEST, 3))
        (container,) = pod["spec"]["containers"]
        probes = {name: container[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
        assert {one["scheme"] for one in probes.values()} == {scheme}
        assert {one["path"] for one in probes.values()} == {"/startupz", "/livez", "/readyz"}


def admin_peers(content: Any) -> list[Object]:
    """Who reaches the admin port of pods beside the keeper."""
    policy = of(shared(content), "NetworkPolicy", "production")["spec"]
    (rule,) = [one for one in policy["ingress"] if [port["port"] for port in one["ports"]] == ["admin"]]
    keeper, *others = rule["from"]
    (pod,) = [one for one in pods(shared(content)) if one["spec"]["serviceAccountName"] == "production-keeper"]
    assert keeper["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    return others


def test_the_keeper_and_the_named_addresses_alone_reach_the_admin_port_of_pods(made: Make) -> None:
    others = admin_peers(made(admin_source_ranges=["10.0.0.0/28", "fd00::/64"]))
    assert others == [{"ipBlock": {"cidr": "10.0.0.0/28"}}, {"ipBlock": {"cidr": "fd00::/64"}}]


def test_a_relay_of_the_api_server_can_be_named_instead_of_its_addresses(made: Make) -> None:
    (relays,) = admin_peers(made(admin_source_ranges=["kube-system"]))
    assert relays == {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}


def test_where_no_address_is_named_all_reach_it_and_show_the_token(made: Make) -> None:
    assert {"ipBlock": {"cidr": "0.0.0.0/0"}} in admin_peers(made())


def test_every_object_is_found_by_its_labels_and_is_in_the_namespace(made: Make) -> None:
    for one in [*shared(made()), service(made(), None, 1), *slot(made(autoscaling={"most": 9}), "blue", DIGEST, 3)]:
        assert one["metadata"]["namespace"] == "agents"
        assert one["metadata"]["labels"][names.PART_OF] == names.MANAGER
        assert one["metadata"]["labels"][names.ENVIRONMENT] == "production"


def test_the_same_release_gives_the_same_bytes(made: Make) -> None:
    first, second = (json.dumps([*shared(made()), *slot(made(), "blue", DIGEST, 3)]) for _ in range(2))
    assert first == second


def test_one_machine_has_no_objects(edit: Any) -> None:
    with pytest.raises(UsageError, match="runs on one machine"):
        slot(edit({}), "blue", DIGEST, 1)
