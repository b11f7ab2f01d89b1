"""The web application: routes, streams, and cancellation when a client disconnects."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from typing import Protocol, runtime_checkable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from engines.errors import EngineError
from engines.protocol import Completion, Delta, Engine, Prompt
from engines.serve.answer import ServedAnswer, error_body
from engines.serve.request import BadRequestError, ServedRequest, read_request

Handler = Callable[[HttpRequest], Awaitable[Response]]


@runtime_checkable
class ChecksPrompts(Protocol):
    """An engine that can say in advance that it will never answer a prompt."""

    def objection(self, prompt: Prompt) -> str:
        """Why the engine will never answer the prompt; empty if it will."""


def make_app(engine: Engine, model: str, api_key: str | None = None) -> Starlette:
    """The application that serves the engine under the model name `model`."""

    def guarded(handler: Handler) -> Handler:
        async def guard(request: HttpRequest) -> Response:
            given = request.headers.get("authorization", "").removeprefix("Bearer ")
            if api_key and not hmac.compare_digest(given.encode(), api_key.encode()):
                return _error(401, "the API key is wrong or missing", code="invalid_api_key")
            return await handler(request)

        return guard

    async def health(_: HttpRequest) -> Response:
        return JSONResponse({"status": "ok", "model": model})

    card = {"id": model, "object": "model", "created": 0, "owned_by": "cure-agent"}

    async def models(_: HttpRequest) -> Response:
        return JSONResponse({"object": "list", "data": [card]})

    async def one_model(request: HttpRequest) -> Response:
        if (name := request.path_params["name"]) == model:
            return JSONResponse(card)
        return _error(404, f"the model {name!r} does not exist; this server has {model!r}", "model", "model_not_found")

    async def chat(request: HttpRequest) -> Response:
        return await _complete(request, engine, model, chat=True)

    async def raw(request: HttpRequest) -> Response:
        return await _complete(request, engine, model, chat=False)

    async def refused(_: HttpRequest, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return _error(
            error.status_code,
            f"{error.detail}: this server has /v1/models, /v1/completions, /v1/chat/completions and /health",
        )

    return Starlette(
        routes=[
            Route("/health", health),
            Route("/v1/models", guarded(models)),
            Route("/v1/models/{name:path}", guarded(one_model)),
            Route("/v1/chat/completions", guarded(chat), methods=["POST"]),
            Route("/v1/completions", guarded(raw), methods=["POST"]),
        ],
        exception_handlers={HTTPException: refused},
    )


def _error(status: int, message: str, param: str | None = None, code: str | None = None) -> Response:
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return JSONResponse(error_body(message, kind, param, code), status)


async def _complete(request: HttpRequest, engine: Engine, model: str, chat: bool) -> Response:
    try:
        asked = read_request(json.loads(await request.body()), chat, model)
        for wanted in asked.requests:
            if isinstance(engine, ChecksPrompts) and (
                objection := await asyncio.to_thread(engine.objection, wanted.prompt)
            ):
                raise BadRequestError(objection, "messages" if chat else "prompt")
    except BadRequestError as error:
        return _error(error.status, str(error), error.param, error.code)
    except (ValueError, RecursionError) as error:
        return _error(400, f"the body is not JSON: {error}")
    answer = ServedAnswer(asked, model)
    if asked.stream:
        return StreamingResponse(_stream(engine, asked, answer), media_type="text/event-stream")
    return await _whole(request, engine, asked, answer)


async def _whole(request: HttpRequest, engine: Engine, asked: ServedRequest, answer: ServedAnswer) -> Response:
    """All choices in one response; a client that disconnects cancels them."""
    work = asyncio.create_task(_collect(engine, asked))
    disconnected = asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait({work, disconnected}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            return Response(status_code=499)
        completions = work.result()
    except EngineError as error:
        return _error(500, str(error))
    finally:
        for task in (work, disconnected):
            task.cancel()
        await asyncio.gather(work, disconnected, return_exceptions=True)
    for done in completions:
        if done.finish == "error":
            return _error(500, done.error)
    return JSONResponse(answer.complete(completions))


async def _collect(engine: Engine, asked: ServedRequest) -> list[Completion]:
    async with aclosing(engine.complete(asked.requests)) as stream:
        return [done async for done in stream]


async def _disconnected(request: HttpRequest) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _stream(engine: Engine, asked: ServedRequest, answer: ServedAnswer) -> AsyncGenerator[str, None]:
    """Server-sent events. A failed sample becomes one error event after the other samples."""
    sent: dict[tuple[str, int], str] = {}
    completions: list[Completion] = []
    failed = ""
    async with aclosing(_events(engine, asked)) as events:
        async for event in events:
            if isinstance(event, Delta):
                place = (event.key, event.index)
                sent[place] = sent.get(place, "") + event.text
                yield _event(answer.delta(event.key, event.index, event.text))
            elif isinstance(event, Completion):
                before = sent.get((event.key, event.index), "")
                if event.finish == "error":
                    failed = event.error
                elif not event.text.startswith(before):
                    failed = "the engine began a sample anew after a part of it was sent"
                else:
                    completions.append(event)
                    yield _event(answer.last(event, event.text[len(before) :]))
            else:
                failed = str(event)
    if failed:
        yield _event(error_body(failed, "server_error"))
        return
    if asked.include_usage:
        yield _event(answer.usage(completions))
    yield "data: [DONE]\n\n"


def _event(data: object) -> str:
    return f"data: {json.dumps(data)}\n\n"


async def _events(engine: Engine, asked: ServedRequest) -> AsyncGenerator[Delta | Completion | EngineError, None]:
    """Deltas and completions in the order in which they come; an EngineError ends them."""
    queue: asyncio.Queue[Delta | Completion | EngineError | None] = asyncio.Queue()

    async def pump() -> None:
        try:
            async with aclosing(engine.complete(asked.requests, queue.put_nowait)) as stream:
                async for done in stream:
                    queue.put_nowait(done)
        except EngineError as error:
            queue.put_nowait(error)
        finally:
            queue.put_nowait(None)

    task = asyncio.create_task(pump())
    try:
        while (event := await queue.get()) is not None:
            yield event
        await task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
