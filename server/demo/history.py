"""Records the sample history, through the recording functions that the API uses."""

from datetime import datetime, timedelta
from random import Random

from models import ConfirmationStatus, MessageRole, SessionKind, SessionStatus
from resolvers.agent import create_agent
from resolvers.agent_metric import record_agent_metric
from resolvers.agent_version import create_agent_version
from resolvers.confirmation import decide_confirmation, request_confirmation
from resolvers.identifiers import encode
from resolvers.recording import Answer, Recording
from resolvers.session import create_session, end_session
from resolvers.session_event import create_session_event
from resolvers.session_metric import record_session_metric
from server.demo.catalogue import AGENTS, CLOSINGS, VERSIONS, SampleAgent
from server.demo.conversation import (
    SampleCall,
    call_tool,
    record_failure,
    record_result,
    say,
    tell_model,
)
from server.demo.memories import remember
from server.demo.modules import begin_modules, end_plan, take_step
from server.demo.tree import SampleSession, Tree

_AGENTS = {agent.agent_id: agent for agent in AGENTS}
_VERSIONS = {version.number: version for version in VERSIONS}
_WITH_PEOPLE = ("support-desk", "shop-assistant", "shop-engineer")
_DEEPEST = 2


async def record_agent(recording: Recording, agent: str, began: datetime) -> Answer:
    """Record an agent with its versions, ten days apart, and what was measured of each."""
    sample = _AGENTS[agent]
    made = await create_agent(
        recording,
        agent_id=agent,
        name=sample.name,
        description=sample.description,
        created_at=began,
    )
    for place, version in enumerate(VERSIONS):
        at = began + timedelta(days=10 * place)
        row = await create_agent_version(
            recording,
            agent=agent,
            version_number=version.number,
            configuration={
                "model": version.model,
                "temperature": 0.2,
                "tools": len(sample.topics) + len(sample.helpers),
            },
            changes={"summary": version.change},
            performance={"failureRate": version.failure_rate},
            created_by="release-bot",
            created_at=at,
            activated_at=at,
        )
        await record_agent_metric(
            recording,
            agent_version=encode("agent_version", row["agent_version"]),
            metric_type="tool_call_failure_rate",
            metric_value=version.failure_rate,
            timeframe="P10D",
            recorded_at=at + timedelta(days=9),
        )
    return {"agent": made["agent"]}


async def record_tree(
    recording: Recording,
    *,
    number: int,
    seed: int,
    latest: datetime,
    within: timedelta,
    present: datetime,
    is_open: bool,
) -> Answer:
    """Record a session with those that it starts below it, up to three levels.

    It begins `within` some time before `latest`; no time in it lies behind `present`.
    Number and seed decide what is told, so that it is the same when it is run again.
    """
    random = Random(f"{seed}/{number}")  # noqa: S311  a sample needs no secrets
    began = latest - within * random.random()
    tree = Tree(recording, random, began, present, number, f"demo-{seed}-{number}", is_open)
    await _record_session(tree, _AGENTS[random.choice(_WITH_PEOPLE)], None, None, 0)
    return {"sessions": len(tree.sessions)}


async def _record_session(
    tree: Tree, agent: SampleAgent, parent: str | None, call: str | None, depth: int
) -> str:
    random = tree.random
    topic = random.choice(agent.topics)
    name = tree.name if parent is None else f"{tree.name}.{len(tree.sessions)}"
    tree.sessions.append(name)
    began = tree.tick(1, 5)
    version = await tree.version(agent.agent_id)
    await create_session(
        tree.recording,
        session_id=name,
        parent=parent,
        kind=None if parent is None else _kind(random),
        spawned_by_tool_call=call,
        agent_version=encode("agent_version", version.id),
        user_id=tree.words["name"].lower(),
        title=topic.title,
        purpose=tree.tell(topic.question),
        tags=[agent.source, agent.module, *(["vip"] if tree.chance(0.1) else [])],
        source=agent.source,
        context={"order": tree.words["order"], "language": "en"},
        metadata={"sample": True},
        started_at=began,
        created_at=began,
    )
    session = SampleSession(tree, name, agent, _VERSIONS[version.version_number], topic, depth)
    await say(session, MessageRole.SYSTEM, f"You are the {agent.name.lower()}. Be brief.")
    await say(session, MessageRole.USER, topic.question)
    await begin_modules(session)
    ended_well = await _work(session)
    await remember(session)
    if tree.is_open and parent is None:
        await _leave_open(session)
    else:
        await _end(session, ended_well=ended_well)
    return name


def _kind(random: Random) -> SessionKind:
    kinds = [SessionKind.SUBAGENT, SessionKind.HANDOFF, SessionKind.FORK, SessionKind.CONTINUATION]
    return random.choices(kinds, [12, 3, 1, 1])[0]


async def _work(session: SampleSession) -> bool:
    """Let the agent call its tool, and helpers, until it answers; tell whether it did."""
    tree, agent, topic = session.tree, session.agent, session.topic
    failure_rate = session.version.failure_rate
    for step in agent.steps[1:-1]:
        may_ask = agent.helpers and session.depth < _DEEPEST
        if may_ask and tree.chance(0.6 if session.depth == 0 else 0.4):
            await _ask_helper(session)
        await take_step(session, step)
    call = await call_tool(session, topic.tool)
    if tree.chance(failure_rate):
        await record_failure(session, call, topic.failure)
        if tree.chance(0.4):
            await say(session, MessageRole.ASSISTANT, "I could not find out. A colleague will.")
            return False
        call = await call_tool(session, topic.tool)
    if topic.tool == "refund_payment" and not await _confirmed(session, call):
        await say(session, MessageRole.ASSISTANT, "A person has to look at this first.")
        return True
    await record_result(session, call, {"status": topic.result, "order": tree.words["order"]})
    await say(session, MessageRole.ASSISTANT, topic.answer)
    await take_step(session, agent.steps[-1], call)
    await end_plan(session, call)
    if session.depth == 0 and not tree.is_open and tree.chance(0.6):
        thanks, reply = tree.random.choice(CLOSINGS)
        await say(session, MessageRole.USER, thanks)
        await say(session, MessageRole.ASSISTANT, reply)
    return True


async def _ask_helper(session: SampleSession) -> None:
    tree = session.tree
    helper = _AGENTS[tree.random.choice(session.agent.helpers)]
    tool = f"ask_{helper.agent_id.replace('-', '_')}"
    call = await call_tool(session, tool)
    if tree.chance(session.version.failure_rate):
        await record_failure(session, call, ("AgentBusy", f"{helper.name} is busy; ask again."))
        return
    below = await _record_session(tree, helper, session.name, call.id, session.depth + 1)
    await record_result(session, call, {"session": below})


async def _confirmed(session: SampleSession, call: SampleCall) -> bool:
    """Let a person decide on a call, mostly for it."""
    tree = session.tree
    asked = await request_confirmation(
        tree.recording,
        session=session.name,
        tool_call=call.id,
        user_message=tree.tell("{amount} euros for {order}: may the refund be paid?"),
        created_at=tree.clock,
    )
    approved = tree.chance(0.6)
    reason = "Within reason." if approved else "Third refund this month."
    await decide_confirmation(
        tree.recording,
        confirmation=encode("confirmation", asked["confirmation"]),
        decision=ConfirmationStatus.APPROVED if approved else ConfirmationStatus.DENIED,
        decided_by="team-lead",
        decider_type="USER",
        reason=reason,
        decided_at=tree.tick(20, 240),
    )
    if not approved:
        await tell_model(session, call, f"Denied by team-lead: {reason}")
    return approved


async def _leave_open(session: SampleSession) -> None:
    """Leave a session ACTIVE, or WAITING for a person."""
    if session.tree.number % 2:
        call = await call_tool(session, "send_voucher")
        await request_confirmation(
            session.tree.recording,
            session=session.name,
            tool_call=call.id,
            user_message="Send a voucher of 10 euros?",
            created_at=session.tree.clock,
        )


async def _end(session: SampleSession, *, ended_well: bool) -> None:
    tree, random, name = session.tree, session.tree.random, session.name
    status = SessionStatus.COMPLETED if ended_well else SessionStatus.FAILED
    if tree.chance(0.03):
        status = SessionStatus.CANCELLED
    figures = [
        ("answer_time", random.randint(2_000, 60_000), "ms"),
        ("context_used", random.randint(3, 80), "%"),
    ]
    for metric_type, value, unit in figures:
        await record_session_metric(
            tree.recording,
            session=name,
            metric_type=metric_type,
            metric_value=value,
            unit=unit,
            recorded_at=tree.clock,
        )
    if session.depth == 0:
        await create_session_event(
            tree.recording,
            session=name,
            event_type="survey.sent",
            event_data={"channel": "mail"},
            actor_id="survey-bot",
            occurred_at=tree.clock,
        )
    score = random.uniform(0.6, 1) if ended_well else random.uniform(0, 0.5)
    satisfaction = max(0, min(1, score + random.uniform(-0.2, 0.2)))
    await end_session(
        tree.recording,
        session=name,
        status=status,
        ended_at=tree.tick(5, 60),
        quality_score=round(score, 2),
        user_satisfaction=round(satisfaction, 2),
        learning_outcomes=["Ask for the order number first."] if not ended_well else None,
    )
