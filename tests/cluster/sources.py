"""What a container gets from the cluster: environment variables and files."""

import base64
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2
from lightkube import ApiError, AsyncClient
from lightkube.models.authentication_v1 import BoundObjectReference, TokenRequestSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap, Secret, ServiceAccountToken

from tests.cluster import account
from tests.cluster.addresses import loopback

Json = dict[str, Any]
KEYS = {"metadata.name": "name", "metadata.namespace": "namespace", "metadata.uid": "uid"}


class Unresolved(Exception):
    """Something that a container names is not there; a kubelet waits for it."""


class Sources:
    """Those of one pod, as of its start. Each pod address that they give is the loopback one."""

    def __init__(self, client: AsyncClient, pod: Json, address: str, host: str, server: str) -> None:
        self._server = server
        self._client, self._pod, self._namespace = client, pod, pod["metadata"]["namespace"]
        own = loopback(address)
        self._places = {"status.podIP": own, "status.podIPs": own, "status.hostIP": loopback(host)}

    async def environ(self, container: Json) -> dict[str, str]:
        """Variables of a container. Raises Unresolved, also where the API server cannot be asked."""
        found = account.variables(self._server)
        for source in container.get("envFrom", []):
            for kind in ("configMapRef", "secretRef"):
                if kind in source:
                    values = await self._data(kind, source[kind])
                    found |= {source.get("prefix", "") + key: value.decode() for key, value in values.items()}
        for variable in container.get("env", []):
            value = await self._value(variable, container)
            if value is not None:
                found[variable["name"]] = expanded(value, found)
        return found

    async def _value(self, variable: Json, container: Json) -> str | None:
        source = variable.get("valueFrom") or {}
        for kind in ("configMapKeyRef", "secretKeyRef"):
            if kind in source:
                values, key = await self._data(kind, source[kind]), source[kind]["key"]
                if key in values:
                    return values[key].decode()
                if source[kind].get("optional"):
                    return None
                raise Unresolved(f"couldn't find key {key} in {_named(kind)} {self._namespace}/{source[kind]['name']}")
        if "fieldRef" in source:
            return self.field(source["fieldRef"]["fieldPath"])
        if "resourceFieldRef" in source:
            kind, _, name = source["resourceFieldRef"]["resource"].partition(".")
            return str(container.get("resources", {}).get(kind, {}).get(name, "0"))
        return str(variable.get("value", ""))

    def field(self, path: str) -> str:
        """The downward API. Raises Unresolved for a field that it does not have."""
        metadata, spec = self._pod["metadata"], self._pod["spec"]
        if path in KEYS:
            return str(metadata[KEYS[path]])
        if path in self._places:
            return self._places[path]
        if path.startswith("spec."):
            return str(spec.get(path.removeprefix("spec."), ""))
        if found := re.fullmatch(r"metadata\.(labels|annotations)\['(.+)'\]", path):
            return str(metadata.get(found[1], {}).get(found[2], ""))
        raise Unresolved(f"the stand-in knows no field {path}")

    async def write(self, volume: Json, folder: Path) -> None:
        """Makes a volume's folder. Raises Unresolved."""
        folder.mkdir(parents=True, exist_ok=True)
        if "emptyDir" in volume:
            return
        parts = volume["projected"]["sources"] if "projected" in volume else [volume]
        for part in parts:
            for path, content in (await self._files(part)).items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(content)

    async def _files(self, part: Json) -> dict[str, bytes]:
        for kind in ("configMap", "secret"):
            if kind in part:
                values = await self._data(kind, part[kind])
                chosen = part[kind].get("items")
                if missing := [item["key"] for item in chosen or [] if item["key"] not in values]:
                    raise Unresolved(f"references non-existent {kind} key: {missing[0]}")
                return {item["path"]: values[item["key"]] for item in chosen} if chosen else values
        if "downwardAPI" in part:
            fields = ((item["path"], item["fieldRef"]["fieldPath"]) for item in part["downwardAPI"].get("items", []))
            return {path: self.field(field).encode() for path, field in fields}
        if "serviceAccountToken" in part:
            return {part["serviceAccountToken"]["path"]: await self._token(part["serviceAccountToken"])}
        raise Unresolved(f"the stand-in has no volumes of {', '.join(sorted(part))}")

    async def _token(self, asked: Json) -> bytes:
        """One of the pod's account, which is void as soon as the pod is gone."""
        head, name = self._pod["metadata"], self._pod["spec"].get("serviceAccountName", "default")
        spec = TokenRequestSpec(
            audiences=[asked["audience"]] if asked.get("audience") else [],
            boundObjectRef=BoundObjectReference(apiVersion="v1", kind="Pod", name=head["name"], uid=head["uid"]),
            expirationSeconds=asked.get("expirationSeconds", 3600),
        )
        request = ServiceAccountToken(metadata=ObjectMeta(), spec=spec)
        try:
            made = await self._client.create(request, name, namespace=self._namespace)
        except httpx2.HTTPError as error:
            raise Unresolved(str(error)) from error
        return str(made.status.token).encode() if made.status else b""

    async def _data(self, kind: str, source: Json) -> dict[str, bytes]:
        """The content of a Secret or a ConfigMap; none of an optional one that is not there."""
        name = source.get("name") or source["secretName"]
        try:
            if kind.startswith("secret"):
                secret = await self._client.get(Secret, name, namespace=self._namespace)
                return {key: base64.b64decode(value) for key, value in (secret.data or {}).items()}
            found = await self._client.get(ConfigMap, name, namespace=self._namespace)
        except ApiError as error:
            if error.response.status_code == 404 and source.get("optional"):
                return {}
            raise Unresolved(str(error.status.message)) from error
        except httpx2.HTTPError as error:
            raise Unresolved(str(error)) from error
        binary = {key: base64.b64decode(value) for key, value in (found.binaryData or {}).items()}
        return {key: value.encode() for key, value in (found.data or {}).items()} | binary


def _named(kind: str) -> str:
    return "Secret" if kind.startswith("secret") else "ConfigMap"


def expanded(text: str, environ: Mapping[str, str]) -> str:
    """`$(NAME)` becomes a variable's value where there is one, and `$$` a dollar.

    Source: https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
    """

    def value(match: re.Match[str]) -> str:
        return "$" if match[0] == "$$" else environ.get(match[1], match[0])

    return re.sub(r"\$\$|\$\(([A-Za-z_][\w.-]*)\)", value, text)


class Paths:
    """Where the paths of a container are on this machine, which has no root to mount anything."""

    def __init__(self, places: Mapping[str, Path]) -> None:
        self._places = places
        longest_first = "|".join(map(re.escape, sorted(places, key=len, reverse=True)))
        self._pattern = re.compile(rf"((?<![\w./-])|(?<=://)|(?<=:///))({longest_first})(?![\w.-])")

    def here(self, text: str) -> str:
        """The same text with every path of the container replaced that stands in it."""
        return self._pattern.sub(lambda match: str(self._places[match[0]]), text)


def mounts(container: Json, volumes: Path) -> Iterator[tuple[str, Path]]:
    """Each path that a container mounts, with the folder or file that it is."""
    for mount in container.get("volumeMounts", []):
        yield mount["mountPath"].rstrip("/"), volumes / mount["name"] / mount.get("subPath", "")
