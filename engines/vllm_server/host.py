"""Client of one vLLM server that describes its model and loads new weights; `engines.http` does the sampling.

The routes are those of vLLM 0.32's development mode (VLLM_SERVER_DEV_MODE=1).
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from engines.errors import EngineError
from engines.http.proxy import with_proxies
from engines.vllm_server.handover import SIGHT

SIGHT_S = 20.0
"""Seconds within which the server must see a new folder, which network file systems may report as missing at first."""
_INFO_S = 60.0
_RELOAD_S = 3600.0
_SIZES = (
    "architectures",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "head_dim",
    "vocab_size",
    "tie_word_embeddings",
)


@dataclass(frozen=True)
class Served:
    """A server's description of its model."""

    name: str
    """Name of the model in requests."""
    model: str
    """The directory or hub id that the server was started with."""
    context: int
    """Maximum number of tokens of prompt and completion."""
    dtype: str
    """Number type of the weights, as torch writes it: `torch.bfloat16`."""
    logprobs: str
    """vLLM's logprobs_mode."""


class Refused(EngineError):
    """The server answered a request with an error status."""


class Host:
    """Talks to the server at a URL, with or without /v1 at its end."""

    def __init__(self, url: str, connect_s: float = 10.0) -> None:
        self.url = url.rstrip("/").removesuffix("/v1")
        key = os.environ.get("CURE_AGENT_API_KEY")
        self._client = with_proxies(
            lambda trust_env: httpx2.AsyncClient(
                timeout=httpx2.Timeout(_RELOAD_S, connect=connect_s),
                headers={"Authorization": f"Bearer {key}"} if key else {},
                # Calls are minutes apart, and the server closes a connection after idle seconds or an error.
                limits=httpx2.Limits(max_keepalive_connections=0),
                trust_env=trust_env,
            ),
            self.url,
        )

    async def describe(self) -> Served:
        """The served model; raises EngineError where the server is unreachable or lacks a required start option."""
        models = await self._get("/v1/models")
        return read_served(self.url, models, await self._get("/server_info", config_format="json"))

    async def take(self, folder: Path, version: str) -> None:
        """Finish the samples under way, then make the server load the weights in this folder.

        Raises EngineError if the server does not see the folder, or fails to load the weights. In the first case it
        keeps its weights; in the second it stays paused, since vLLM replaces weights in place and cannot restore the
        old ones.
        """
        await self._see(folder)
        await self._post("/pause", mode="wait")
        try:
            await self._reload(folder)
        except EngineError as error:
            raise EngineError(f"{error}; the server did not load all weights and must be started again") from None
        if not (await self._post("/reset_prefix_cache")).get("success", True):
            raise EngineError(f"{self.url} keeps keys and values of the old weights: start it again")
        await self._post("/update_weight_version", {"new_version": version})
        await self._post("/resume")

    async def version(self) -> str:
        """The version of the server's weights: that of the last `take`, or vLLM's default after a restart."""
        return str((await self._get("/weight_info")).get("weight_version"))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _see(self, folder: Path) -> None:
        """Wait until the server can read the folder; raises EngineError after SIGHT_S seconds.

        The server is told to load a file without tensors in kernel format, in which weights are replaced one by one, so
        none changes. In checkpoint format a missing folder would destroy all weights and every sample under way.
        """
        until = time.monotonic() + SIGHT_S
        while True:
            try:
                return await self._reload(folder / SIGHT, is_checkpoint_format=False)
            except Refused as error:
                if time.monotonic() > until:
                    raise EngineError(
                        f"{self.url} does not see {folder.parent}, which must be the same directory there and here: "
                        f"{error}"
                    ) from None
            await asyncio.sleep(1.0)

    async def _reload(self, folder: Path, **arguments: Any) -> None:
        asked = {"weights_path": str(folder), **arguments}
        await self._post("/collective_rpc", {"method": "reload_weights", "kwargs": asked})

    async def _get(self, path: str, **query: str) -> dict[str, Any]:
        return await self._ask("GET", path, None, query, _INFO_S)

    async def _post(self, path: str, body: dict[str, Any] | None = None, **query: str) -> dict[str, Any]:
        return await self._ask("POST", path, body or {}, query, _RELOAD_S)

    async def _ask(
        self, method: str, path: str, body: dict[str, Any] | None, query: dict[str, str], patience_s: float
    ) -> dict[str, Any]:
        try:
            async with asyncio.timeout(patience_s):
                answer = await self._client.request(method, self.url + path, json=body, params=query)
        except TimeoutError:
            raise EngineError(f"{self.url}{path} did not answer within {patience_s:g} s") from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise EngineError(f"cannot reach the vLLM server {self.url}: {reason}") from None
        if answer.status_code == 404 and not path.startswith("/v1/"):
            raise EngineError(
                f"{self.url} has no {path}: start the server with VLLM_SERVER_DEV_MODE=1 in its environment"
            )
        if answer.status_code != 200:
            raise Refused(f"{self.url}{path} answered {answer.status_code}: {_words(answer.text)}")
        try:
            said = json.loads(answer.text)
        except ValueError:
            raise EngineError(f"{self.url}{path} answered something that is not JSON: {answer.text[:80]!r}") from None
        return said if isinstance(said, dict) else {}


def read_served(url: str, models: dict[str, Any], info: dict[str, Any]) -> Served:
    """The model described by these answers of the server at `url`; raises EngineError where it cannot be used."""
    try:
        settings = info["vllm_config"]["model_config"]
        served = Served(
            name=models["data"][0]["id"],
            model=str(settings["model"]),
            context=int(settings["max_model_len"]),
            dtype=str(settings["dtype"]),
            logprobs=str(settings["logprobs_mode"]),
        )
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise EngineError(f"{url} is no vLLM server that this engine knows: its answer lacks {error}") from None
    if served.logprobs != "processed_logprobs":
        raise EngineError(
            f"{url} reports {served.logprobs}, not the log-probabilities of the distribution it draws from: "
            f"start it with --logprobs-mode processed_logprobs"
        )
    return served


def difference(served: Served, base: Path) -> str:
    """How the server's model differs from the checkpoint in `base`, by the sizes in their config.json.

    Empty where the sizes are equal, and where the server's config.json cannot be read from here.
    """
    theirs, ours = _read(Path(served.model) / "config.json"), _read(base / "config.json")
    for size in _SIZES if theirs else ():
        if theirs.get(size) != ours.get(size):
            return f"{served.model}, whose {size} is {theirs.get(size)} where that of {base} is {ours.get(size)}"
    return ""


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _words(text: str) -> str:
    """The error message, in one line, in the answer to a failed request."""
    try:
        message = json.loads(text)["error"]["message"]
    except (ValueError, KeyError, TypeError):
        message = text
    inner = re.search(r"Worker failed with error '(.*)', please check", str(message), re.DOTALL)
    line = " ".join((inner.group(1) if inner else str(message)).split())
    return line[:300] or "no error message; see the server's log"
