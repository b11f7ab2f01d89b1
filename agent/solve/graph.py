"""The solver's graph: the only file that knows LangGraph.

sample -> execute -> rank -> finish | repair -> execute | sample
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from agent.solve import solver as steps
from agent.solve.solver import Solver


class SolveState(TypedDict):
    """Names and numbers only: the checkpointer rewrites the state after each step."""

    round: int
    stale: int
    action: str
    targets: list[str]


START_STATE = SolveState(round=1, stale=0, action="sample", targets=[])


async def sample(state: SolveState, runtime: Runtime[Solver]) -> dict[str, Any]:
    await steps.sample(runtime.context, state["round"])
    return {}


async def repair(state: SolveState, runtime: Runtime[Solver]) -> dict[str, Any]:
    await steps.repair(runtime.context, state["round"], state["targets"])
    return {}


async def execute(state: SolveState, runtime: Runtime[Solver]) -> dict[str, Any]:  # noqa: ARG001 (LangGraph names it)
    await steps.settle(runtime.context)
    return {}


async def rank(state: SolveState, runtime: Runtime[Solver]) -> dict[str, Any]:
    decision, stale = steps.read_table(runtime.context, state["round"], state["stale"])
    return {
        "round": state["round"] + 1,
        "stale": stale,
        "action": decision.action,
        "targets": list(decision.targets),
    }


def next_node(state: SolveState) -> Literal["sample", "repair", "__end__"]:
    """Where the decision leads."""
    match state["action"]:
        case "repair":
            return "repair"
        case "more":
            return "sample"
        case _:
            return "__end__"


def build_graph(checkpointer: BaseCheckpointSaver[str] | None = None) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The compiled graph; its context is a `Solver`, its start `START_STATE`."""
    graph = StateGraph(SolveState, context_schema=Solver)
    graph.add_node("sample", sample)
    graph.add_node("repair", repair)
    graph.add_node("execute", execute)
    graph.add_node("rank", rank)
    graph.add_edge(START, "sample")
    graph.add_edge("sample", "execute")
    graph.add_edge("repair", "execute")
    graph.add_edge("execute", "rank")
    graph.add_conditional_edges("rank", next_node, {"sample": "sample", "repair": "repair", END: END})
    return graph.compile(checkpointer=checkpointer)
