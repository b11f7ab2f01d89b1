"""Opens the engine that a model spec names."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import TYPE_CHECKING

from engines.errors import ModelSpecError
from engines.protocol import Engine, TrainableEngine
from engines.registry import ENGINES, Opener
from engines.spec import parse_spec

if TYPE_CHECKING:
    from settings.section import Section


async def open_engine(spec: str, *options: Section) -> Engine:
    """The engine that a spec names, ready for requests; the caller closes it.

    `options` may hold the options of several engines (HttpOptions, LocalOptions, …): the engine uses the object of its
    own type, or its defaults.

    Raises ModelSpecError for an invalid spec, EngineError where the model is unavailable: a missing file, torch not
    installed, a server that does not offer exactly one model although the spec names none.
    """
    parsed = parse_spec(spec)
    opener: Opener = resolve_name(ENGINES[parsed.kind].opener)
    return await opener(parsed, options)


async def open_trainable_engine(spec: str, *options: Section) -> TrainableEngine:
    """The trainable engine that a spec names.

    Raises what `open_engine` raises, and ModelSpecError if engines of this kind are not trainable.
    """
    if not ENGINES[parse_spec(spec).kind].trainable:
        *forms, last = (engine.form for engine in ENGINES.values() if engine.trainable)
        raise ModelSpecError(f"{spec} cannot be given new weights: training takes {', '.join(forms)} or {last}")
    engine = await open_engine(spec, *options)
    assert isinstance(engine, TrainableEngine)
    return engine


async def check_model(spec: str, *options: Section) -> str:
    """One line saying that the model is available; raises EngineError saying why it is not.

    A server is asked for its models and must answer in three seconds, or in `connect_s` seconds if the spec names no
    model; a local model is loaded.
    """
    engine = await open_engine(spec, *options)
    try:
        return await engine.check()
    finally:
        await engine.close()
