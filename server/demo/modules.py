"""The module states of a sample session: a state machine, and the plan of a topmost session."""

from typing import Any

from resolvers.module_state import record_state_transition, upsert_module_state
from server.demo.conversation import SampleCall
from server.demo.tree import SampleSession

_PLANNER = "planner"


async def begin_modules(session: SampleSession) -> None:
    """Record the states that a session begins with."""
    tree, agent = session.tree, session.agent
    await upsert_module_state(
        tree.recording,
        session=session.name,
        module_id=agent.module,
        state={"status": agent.steps[0], "order": tree.words["order"], "history": {}},
        state_type="workflow",
        version="1",
        created_at=tree.clock,
    )
    if session.depth == 0:
        await upsert_module_state(
            tree.recording,
            session=session.name,
            module_id=_PLANNER,
            state=_plan(session, agent.steps[1:], ()),
            state_type="plan",
            version="1",
            created_at=tree.clock,
            snapshot_reason="The plan that the session began with.",
        )


async def take_step(session: SampleSession, step: str, call: SampleCall | None = None) -> None:
    """Record that the state machine moved on, by itself or by what a tool gave."""
    tree, agent = session.tree, session.agent
    at = tree.tick(0.5, 3)
    await record_state_transition(
        tree.recording,
        session=session.name,
        module_id=agent.module,
        new_values={"status": step, "history": {step: at.isoformat()}},
        trigger_type="step" if call is None else "tool_call",
        trigger_id=step if call is None else call.id,
        actor_id=agent.agent_id,
        actor_type="AGENT",
        created_at=at,
    )


async def end_plan(session: SampleSession, call: SampleCall) -> None:
    """Record that everything planned was done, if the session had a plan."""
    if session.depth:
        return
    tree, agent = session.tree, session.agent
    await upsert_module_state(
        tree.recording,
        session=session.name,
        module_id=_PLANNER,
        state=_plan(session, (), agent.steps[1:]),
        transition={
            "trigger_type": "tool_call",
            "trigger_id": call.id,
            "actor_id": agent.agent_id,
            "actor_type": "AGENT",
        },
        created_at=tree.tick(0.5, 3),
        snapshot_reason="Everything planned was done." if tree.chance(0.5) else None,
    )


def _plan(session: SampleSession, to_do: tuple[str, ...], done: tuple[str, ...]) -> dict[str, Any]:
    return {"goal": session.topic.title, "toDo": list(to_do), "done": list(done)}
