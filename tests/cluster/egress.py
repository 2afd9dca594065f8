"""The way of the API server to pods and nodes: a proxy on a Unix socket, which knows where their addresses are.

Source: https://kubernetes.io/docs/tasks/extend-kubernetes/setup-konnectivity/ and the type
`EgressSelectorConfiguration` of k8s.io/apiserver/pkg/apis/apiserver/v1beta1.
"""

import asyncio
from pathlib import Path

import yaml

from tests.cluster.addresses import Ends, Held, join, loopback


def write_configuration(file: Path, socket: Path) -> None:
    """Has everything that goes to the cluster take the proxy: logs, `pods/proxy`, webhooks."""
    way = {"proxyProtocol": "HTTPConnect", "transport": {"uds": {"udsName": str(socket)}}}
    content = {
        "apiVersion": "apiserver.k8s.io/v1beta1",
        "kind": "EgressSelectorConfiguration",
        "egressSelections": [{"name": "cluster", "connection": way}],
    }
    file.write_text(yaml.safe_dump(content), encoding="utf-8")


async def serve(socket: Path) -> asyncio.Server:
    return await asyncio.start_unix_server(Held(_connect), socket)


async def _connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    request = (await reader.readuntil(b"\r\n\r\n")).decode()
    host, _, port = request.split()[1].rpartition(":")
    try:
        other: Ends = await asyncio.open_connection(loopback(host), int(port))
    except OSError as error:
        writer.write(f"HTTP/1.1 502 {error.strerror}\r\n\r\n".encode())
        writer.close()
        return
    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    await join((reader, writer), other)
