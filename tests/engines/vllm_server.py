"""A real vLLM server for tests, started once for a module: importing vLLM takes most of the start."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_S = 300.0
NEEDED = {
    "VLLM_SERVER_DEV_MODE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "HF_HUB_OFFLINE": "1",
}
QUICK = {
    # One process fewer for vLLM in this process: its scheduler runs here, too.
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    # No compilation: vLLM compiles a few operations even with --enforce-eager.
    "TORCHDYNAMO_DISABLE": "1",
    # Threads that wait for each other are slow where others use the machine too, and a model of this size needs one.
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "OMP_NUM_THREADS": "1",
}


@contextmanager
def serving_vllm(model: Path, log: Path) -> Iterator[str]:
    """The URL of a server of the model. The server's output goes to `log`; its processes are ended afterwards.

    Raises AssertionError, with the end of the log, if the server ends or does not answer within START_S seconds.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        *(sys.executable, "-m", "vllm.entrypoints.openai.api_server"),
        *("--model", str(model), "--served-model-name", "policy", "--host", "127.0.0.1", "--port", str(port)),
        *("--dtype", "float32", "--logprobs-mode", "processed_logprobs"),
        *("--enforce-eager", "--max-model-len", "512", "--max-num-seqs", "64", "--distributed-executor-backend", "uni"),
    ]
    with log.open("wb") as writing:
        server = subprocess.Popen(
            command, env={**os.environ, **NEEDED, **QUICK}, stdout=writing, stderr=writing, start_new_session=True
        )
    try:
        _wait(server, f"http://127.0.0.1:{port}", log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _wait(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + START_S
    while True:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            if server.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"vLLM did not start:\n{log.read_text()[-3000:]}") from None
        time.sleep(0.2)
