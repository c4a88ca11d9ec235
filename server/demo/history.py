"""Records the sample history, through the recording functions that the API uses."""

from datetime import datetime, timedelta
from random import Random

from models import (
    ConfirmationStatus,
    MessageRole,
    SessionKind,
    SessionStatus,
)
from resolvers.agent import create_agent
from resolvers.agent_metric import record_agent_metric
from resolvers.agent_version import create_agent_version
from resolvers.confirmation import decide_confirmation, request_confirmation
from resolvers.identifiers import encode
from resolvers.module_state import record_state_transition, upsert_module_state
from resolvers.recording import Answer, Recording
from resolvers.session import create_session, end_session
from resolvers.session_event import create_session_event
from resolvers.session_metric import record_session_metric
from server.demo.catalogue import AGENTS, VERSIONS, SampleAgent, Topic
from server.demo.conversation import call_tool, record_failure, record_result, say
from server.demo.memories import remember
from server.demo.tree import Tree

_AGENTS = {agent.agent_id: agent for agent in AGENTS}
_DEEPEST = 2
_FAILURE_RATES = dict(VERSIONS)


async def record_agent(recording: Recording, agent: str, began: datetime) -> Answer:
    """Record an agent with its versions, ten days apart, and what was measured of each."""
    sample = _AGENTS[agent]
    made = await create_agent(
        recording, agent_id=agent, name=sample.name, description=sample.description
    )
    for place, (number, failure_rate) in enumerate(VERSIONS):
        at = began + timedelta(days=10 * place)
        version = await create_agent_version(
            recording,
            agent=agent,
            version_number=number,
            configuration={
                "model": "example-large",
                "temperature": 0.2,
                "tools": len(sample.topics),
            },
            changes={"tools": "retried once" if place else "first release"},
            performance={"failureRate": failure_rate},
            created_by="release-bot",
            created_at=at,
        )
        await record_agent_metric(
            recording,
            agent_version=encode("agent_version", version["agent_version"]),
            metric_type="tool_call_failure_rate",
            metric_value=failure_rate,
            timeframe="P10D",
            recorded_at=at + timedelta(days=9),
        )
    return {"agent": made["agent"]}


async def record_tree(
    recording: Recording,
    number: int,
    agent: str,
    began: datetime,
    random: Random,
    *,
    is_open: bool,
) -> Answer:
    """Record a session with those that it starts below it, up to three levels."""
    tree = Tree(recording, random, began, number, is_open)
    await _session(tree, _AGENTS[agent], None, None, 0)
    return {"sessions": len(tree.sessions)}


async def _session(
    tree: Tree, agent: SampleAgent, parent: str | None, call: str | None, depth: int
) -> str:
    random, recording = tree.random, tree.recording
    topic = random.choice(agent.topics)
    name = f"demo-{tree.number}" if parent is None else f"demo-{tree.number}.{len(tree.sessions)}"
    tree.sessions.append(name)
    began = tree.tick(1, 5)
    version = await tree.version(agent.agent_id)
    await create_session(
        recording,
        session_id=name,
        parent=parent,
        kind=None if parent is None else _kind(random),
        spawned_by_tool_call=call,
        agent_version=encode("agent_version", version.id),
        user_id=tree.tell("{name}").lower(),
        title=topic.title,
        purpose=tree.tell(topic.question),
        tags=[agent.source, agent.module, *(["vip"] if tree.chance(0.1) else [])],
        source=agent.source,
        context={"order": tree.tell("{order}"), "language": "en"},
        metadata={"sample": True},
        started_at=began,
        created_at=began,
    )
    await say(tree, name, MessageRole.SYSTEM, f"You are the {agent.name.lower()}. Be brief.")
    await say(tree, name, MessageRole.USER, tree.tell(topic.question))
    await upsert_module_state(
        recording,
        session=name,
        module_id=agent.module,
        state={"status": agent.steps[0], "order": tree.tell("{order}"), "history": {}},
        state_type="workflow",
        version="1",
        created_at=tree.clock,
        snapshot_reason="The state that the session began with." if depth == 0 else None,
    )
    failure_rate = _FAILURE_RATES[version.version_number]
    ended_well = await _work(tree, agent, topic, name, depth=depth, failure_rate=failure_rate)
    await remember(tree, agent, topic, name)
    if tree.is_open and parent is None:
        await _leave_open(tree, topic, name)
    else:
        await _end(tree, name, ended_well=ended_well)
    return name


def _kind(random: Random) -> SessionKind:
    kinds = [SessionKind.SUBAGENT, SessionKind.HANDOFF, SessionKind.FORK, SessionKind.CONTINUATION]
    return random.choices(kinds, [12, 3, 1, 1])[0]


async def _work(
    tree: Tree,
    agent: SampleAgent,
    topic: Topic,
    session: str,
    *,
    depth: int,
    failure_rate: float,
) -> bool:
    """Let the agent call its tool, and helpers, until it answers; tell whether it did."""
    random = tree.random
    for step in agent.steps[1:-1]:
        await _step(tree, agent, session, step)
        if agent.helpers and depth < _DEEPEST and tree.chance(0.6 if depth == 0 else 0.4):
            helper = _AGENTS[random.choice(agent.helpers)]
            call = await call_tool(tree, session, f"ask_{helper.agent_id.replace('-', '_')}", topic)
            below = await _session(tree, helper, session, call, depth + 1)
            await record_result(tree, call, {"session": below})
    call = await call_tool(tree, session, topic.tool, topic)
    if tree.chance(failure_rate):
        await record_failure(tree, call, topic)
        if tree.chance(0.4):
            await say(
                tree, session, MessageRole.ASSISTANT, "I could not find out. A colleague will."
            )
            return False
        call = await call_tool(tree, session, topic.tool, topic)
    if topic.tool == "refund_payment" and not await _confirmed(tree, session, call, topic):
        await say(tree, session, MessageRole.ASSISTANT, "A person has to look at this first.")
        return True
    await record_result(tree, call, {"status": topic.result, "order": tree.tell("{order}")})
    await say(tree, session, MessageRole.ASSISTANT, tree.tell(topic.answer))
    await _step(tree, agent, session, agent.steps[-1])
    return True


async def _step(tree: Tree, agent: SampleAgent, session: str, step: str) -> None:
    at = tree.tick(0.5, 3)
    await record_state_transition(
        tree.recording,
        session=session,
        module_id=agent.module,
        new_values={"status": step, "history": {step: at.isoformat()}},
        trigger_type="step",
        trigger_id=step,
        actor_id=agent.agent_id,
        actor_type="AGENT",
        created_at=at,
    )


async def _confirmed(tree: Tree, session: str, call: str, topic: Topic) -> bool:
    """Let a person decide on a call, mostly for it."""
    asked = await request_confirmation(
        tree.recording,
        session=session,
        tool_call=call,
        user_message=f"{topic.title}: may the refund be paid?",
        created_at=tree.clock,
    )
    approved = tree.chance(0.8)
    await decide_confirmation(
        tree.recording,
        confirmation=encode("confirmation", asked["confirmation"]),
        decision=ConfirmationStatus.APPROVED if approved else ConfirmationStatus.DENIED,
        decided_by="team-lead",
        decider_type="USER",
        reason="Within reason." if approved else "Third refund this month.",
    )
    return approved


async def _leave_open(tree: Tree, topic: Topic, session: str) -> None:
    """Leave a session ACTIVE, or WAITING for a person."""
    if tree.number % 2:
        call = await call_tool(tree, session, "send_voucher", topic)
        await request_confirmation(
            tree.recording,
            session=session,
            tool_call=call,
            user_message="Send a voucher of 10 euros?",
        )


async def _end(tree: Tree, session: str, *, ended_well: bool) -> None:
    random = tree.random
    status = SessionStatus.COMPLETED if ended_well else SessionStatus.FAILED
    if tree.chance(0.03):
        status = SessionStatus.CANCELLED
    await record_session_metric(
        tree.recording,
        session=session,
        metric_type="answer_time",
        metric_value=random.randint(2_000, 60_000),
        unit="ms",
        recorded_at=tree.clock,
    )
    await create_session_event(
        tree.recording,
        session=session,
        event_type="survey.sent",
        event_data={"channel": "mail"},
        actor_id="survey-bot",
        occurred_at=tree.clock,
    )
    score = random.uniform(0.6, 1) if ended_well else random.uniform(0, 0.5)
    satisfaction = max(0, min(1, score + random.uniform(-0.2, 0.2)))
    await end_session(
        tree.recording,
        session=session,
        status=status,
        ended_at=tree.tick(5, 60),
        quality_score=round(score, 2),
        user_satisfaction=round(satisfaction, 2),
        learning_outcomes=["Ask for the order number first."] if not ended_well else None,
    )
