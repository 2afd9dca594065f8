"""A server on loopback that speaks S3."""

import itertools
import logging
from dataclasses import dataclass
from typing import Any, Self

from moto.server import ThreadedMotoServer

KEYS = {"ACCESS": "access", "SECRET": "secret"}
CREDENTIALS = {"accessKeyId": "env:ACCESS", "secretAccessKey": "env:SECRET"}


@dataclass(frozen=True)
class Bucket:
    """An empty bucket; `client` is boto3's."""

    name: str
    endpoint: str
    client: Any

    @property
    def destination(self) -> dict[str, Any]:
        """As the document says it."""
        return {"url": f"s3://{self.name}/copies", "endpoint": self.endpoint, "credentials": CREDENTIALS}

    def everything(self) -> list[str]:
        found = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        return [one["Key"] for page in found for one in page.get("Contents", ())]


class Server:
    """It keeps everything in the memory of this process."""

    def __init__(self) -> None:
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
        self._count = itertools.count(1)

    def __enter__(self) -> Self:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.endpoint = f"http://{host}:{port}"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def bucket(self, lock: bool = False) -> Bucket:
        """A new bucket, with Object Lock where `lock` says so."""
        import boto3

        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=KEYS["ACCESS"],
            aws_secret_access_key=KEYS["SECRET"],
        )
        name = f"bucket-{next(self._count)}"
        client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=lock)
        return Bucket(name, self.endpoint, client)
