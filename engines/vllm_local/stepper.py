"""The thread that steps vLLM's engine: takes jobs from any event loop, delivers their deltas and completions."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import count
from typing import Any

from engines.local.jobs import CLOSED, IdleWork, Job
from engines.protocol import Completion, Delta, Finish, Usage

# vLLM is rarely installed where types are checked.
LLMEngine = Any
RequestOutput = Any
SamplingParams = Any

_FINISHES: dict[str | None, Finish] = {"stop": "stop", "length": "length"}


@dataclass(eq=False)
class Sample:
    """One requested sample."""

    key: str
    index: int
    prompt: list[int]
    params: SamplingParams
    shown: int = 0
    """Characters of its text that were delivered as deltas."""


class Stepper:
    """A thread that creates vLLM's engine with `make` and steps it.

    `ready` is done once the engine is loaded, or holds the error of `make`.
    """

    def __init__(self, make: Callable[[], LLMEngine], version: str) -> None:
        self.version = version
        """Version of the weights, noted for each sample when vLLM takes it; changed only by work given to `between`."""
        self.stale = ""
        """Why requests are refused until weights are loaded, else empty; changed only by work given to `between`."""
        self.dead = ""
        """Why vLLM in this process is unusable for good; empty while it works."""
        self.ready: Future[None] = Future()
        self._make = make
        self._wake = threading.Condition()
        self._queue: deque[Job[Sample] | IdleWork] = deque()
        self._active: dict[str, tuple[Job[Sample], Sample, str]] = {}
        self._numbers = count()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="vllm", daemon=True)
        self._thread.start()

    def submit(self, job: Job[Sample]) -> None:
        """Queue the job."""
        self._put(job)

    def between(self, work: Callable[[LLMEngine], Any]) -> Future[Any]:
        """A future of the work's result.

        The thread does the work after all samples submitted before it and before any submitted later.
        """
        idle = IdleWork(work)
        self._put(idle)
        return idle.done

    def cancel(self, job: Job[Sample]) -> None:
        """Drop the job's samples before the next step."""
        with self._wake:
            job.cancelled.set()
            self._wake.notify()

    def close(self) -> None:
        """End the thread after the step under way, with an error for every sample not finished. Idempotent."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join()

    def _put(self, item: Job[Sample] | IdleWork) -> None:
        with self._wake:
            if self._closed:
                self._refuse(item, CLOSED)
            else:
                self._queue.append(item)
                self._wake.notify()

    def _run(self) -> None:
        try:
            engine = self._make()
        except BaseException as error:  # noqa: BLE001 - raised where `ready` is awaited
            self.ready.set_exception(error)
            return
        self.ready.set_result(None)
        while True:
            with self._wake:
                while not (self._closed or self._queue or self._active):
                    self._wake.wait()
                if self._closed:
                    break
                taken = self._take()
            for item in taken:
                if isinstance(item, IdleWork):
                    item.run(engine)
                else:
                    self._admit(engine, item)
            self._drop_cancelled(engine)
            if self._active:
                self._step(engine)
        self._fail(CLOSED)
        for item in self._queue:
            self._refuse(item, CLOSED)
        engine.engine_core.shutdown()

    def _take(self) -> list[Job[Sample] | IdleWork]:
        """The queued jobs before the first idle work; without such jobs and with no sample under way, the idle work."""
        taken: list[Job[Sample] | IdleWork] = []
        while self._queue and isinstance(self._queue[0], Job):
            taken.append(self._queue.popleft())
        if not taken and not self._active and self._queue:
            taken.append(self._queue.popleft())
        return taken

    def _admit(self, engine: LLMEngine, job: Job[Sample]) -> None:
        """Hand the job's samples to vLLM, which starts them as memory allows and caches the prompts they share."""
        if problem := self.dead or self.stale:
            self._refuse(job, problem)
            return
        refused: list[Completion | Delta] = []
        for sample in job.samples:
            name = str(next(self._numbers))
            try:
                engine.add_request(name, {"prompt_token_ids": sample.prompt}, sample.params)
            except Exception as error:  # noqa: BLE001 - vLLM raises all kinds for a request it cannot take
                refused.append(_failed(sample, self.version, f"{type(error).__name__}: {error}"))
            else:
                self._active[name] = (job, sample, self.version)
        if refused:
            job.deliver(refused)

    def _drop_cancelled(self, engine: LLMEngine) -> None:
        cancelled = [name for name, (job, *_) in self._active.items() if job.cancelled.is_set()]
        if cancelled:
            engine.abort_request(cancelled)
            for name in cancelled:
                del self._active[name]

    def _step(self, engine: LLMEngine) -> None:
        try:
            outputs = engine.step()
        except Exception as error:  # noqa: BLE001 - delivered as the error of all samples under way
            # After an interrupted step vLLM's scheduler and cache are unreliable.
            self.dead = f"vLLM failed and must be opened again: {type(error).__name__}: {error}"
            self._fail(self.dead)
            return
        arrived: dict[Job[Sample], list[Completion | Delta]] = {}
        for output in outputs:
            if output.request_id not in self._active:
                continue
            job, sample, version = self._active[output.request_id]
            if job.deltas and (fresh := output.outputs[0].text[sample.shown :]):
                sample.shown += len(fresh)
                arrived.setdefault(job, []).append(Delta(sample.key, sample.index, fresh))
            if output.finished:
                del self._active[output.request_id]
                arrived.setdefault(job, []).append(_finished(sample, output, version))
        for job, items in arrived.items():
            job.deliver(items)

    def _fail(self, error: str) -> None:
        for job, sample, version in self._active.values():
            job.deliver([_failed(sample, version, error)])
        self._active.clear()

    def _refuse(self, item: Job[Sample] | IdleWork, error: str) -> None:
        if isinstance(item, IdleWork):
            item.refuse(error)
        elif item.samples:
            item.deliver([_failed(sample, self.version, error) for sample in item.samples])


def _finished(sample: Sample, output: RequestOutput, version: str) -> Completion:
    done = output.outputs[0]
    token_ids = tuple(done.token_ids)
    chosen = zip(token_ids, done.logprobs or (), strict=True)
    # Log-probabilities are those of the distribution that tokens are drawn from: a greedy token has probability 1.
    greedy = sample.params.temperature == 0
    logprobs = tuple(0.0 if greedy else float(among[token].logprob) for token, among in chosen)
    usage = Usage(len(sample.prompt) if sample.index == 0 else 0, len(token_ids))
    finish = _FINISHES.get(done.finish_reason, "error")
    error = f"vLLM ended the sample: {done.finish_reason}" if finish == "error" else ""
    return Completion(
        sample.key,
        sample.index,
        done.text,
        finish,
        usage=usage,
        token_ids=token_ids,
        logprobs=logprobs,
        weights_version=version,
        error=error,
    )


def _failed(sample: Sample, version: str, error: str) -> Completion:
    return Completion(sample.key, sample.index, "", "error", weights_version=version, error=error)
