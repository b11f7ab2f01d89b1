"""The loop of a solve, as a LangGraph graph; no other part of the agent imports LangGraph.

decide -> act -> execute -> look -> decide -> ... -> finish

The table of a round in which the model or the sandbox stopped working is read as usual. Unless the best candidate is
verified even so, the run ends after the round without a decision, so that a resumed run can complete the round.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime

from agent.solve.moves import Move, decided_event
from agent.solve.moves.draw import Draw
from agent.solve.moves.finish import Finish
from agent.solve.moves.repair import Repair
from agent.solve.reading import AnyReading, Reading, ranked_event, read
from agent.solve.solving import AnySolving, Solving
from agent.solve.stopped import Stopped, stopped
from agent.solve.task import ColumnT, RowT
from agent.solve.weighing import rank
from cure.table import AnyTable, ExecutionTable
from engines import EngineError
from sandbox import SandboxError


class State(TypedDict):
    """Values that each step of the graph passes to the next."""

    readings: tuple[AnyReading, ...]
    """One per finished round."""
    move: Move
    table: AnyTable
    stopped: Stopped | None
    """What stopped working in the last round."""


async def decide(state: State, runtime: Runtime[AnySolving]) -> dict[str, Any]:
    """The strategy chooses the next move from the readings."""
    solving, readings, failure = runtime.context, state["readings"], state["stopped"]
    if failure and not readings[-1].is_verified(solving.settings.confident):
        return {"move": Finish(failure.why)}
    left = solving.left(readings)
    move = solving.strategy(readings, solving.settings, left)
    reason = "" if isinstance(move, Draw) else left.reason_against(asks_for_samples=move.asks_for_samples)
    if reason and not isinstance(move, Finish):
        move = Finish(reason)
    if readings:
        solving.recorder.emit(decided_event(len(readings), move, left))
    return {"move": move, "stopped": None}


async def act(state: State, runtime: Runtime[AnySolving]) -> dict[str, Any]:
    """The move is carried out: new candidates and tests enter the table, and execute as they arrive."""
    try:
        await state["move"].carry_out(runtime.context, state["readings"])
    except EngineError as error:
        if not state["readings"]:
            raise
        return {"stopped": Stopped("model_error", str(error))}
    return {}


async def execute(state: State, runtime: Runtime[AnySolving]) -> dict[str, Any]:
    """Every candidate is run on every test."""
    solving, readings = runtime.context, state["readings"]
    try:
        table = await solving.settle(len(readings) + 1)
    except SandboxError as error:
        if not readings:
            raise
        return {"table": solving.table(), "stopped": Stopped("sandbox_error", str(error))}
    return {"table": table, "stopped": state["stopped"] or await stopped(solving, readings, table)}


async def look(state: State, runtime: Runtime[AnySolving]) -> dict[str, Any]:
    """The table is read: which candidate is best, and how sure that is."""
    move, solving = state["move"], runtime.context
    reading = replace(
        read(solving.judged(state["table"]), partial(rank, solving), solving.confidence),
        move=move.name,
        repaired=move.targets if isinstance(move, Repair) else (),
    )
    solving.recorder.emit(ranked_event(len(state["readings"]) + 1, reading))
    return {"readings": (*state["readings"], reading)}


async def walk(solving: Solving[RowT, ColumnT]) -> tuple[tuple[Reading[RowT, ColumnT], ...], Stopped | None]:
    """Run the loop until a move ends it; returns the readings of all rounds, and what stopped working in the last.

    Raises EngineError or SandboxError where model or sandbox failed entirely in the first round.
    """
    graph = StateGraph(State, context_schema=Solving)
    for step in (decide, act, execute, look):
        graph.add_node(step)
    graph.add_edge(START, "decide")
    graph.add_conditional_edges("decide", lambda state: END if isinstance(state["move"], Finish) else "act")
    graph.add_edge("act", "execute")
    graph.add_edge("execute", "look")
    graph.add_edge("look", "decide")
    settings = solving.settings
    draws = settings.n + settings.m  # each round that draws draws at least one sample
    limit = 4 * (2 * settings.rounds + draws + 1) + 1
    start = State(readings=(), move=Finish("nothing is decided yet"), table=ExecutionTable(), stopped=None)
    end = await graph.compile().ainvoke(start, {"recursion_limit": limit}, context=solving)
    readings: tuple[Reading[RowT, ColumnT], ...] = end["readings"]
    return readings, end["stopped"]
