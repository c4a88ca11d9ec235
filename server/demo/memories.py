"""What the sample agents remember."""

from datetime import datetime

from models import AnnotatorKind
from resolvers.identifiers import encode
from resolvers.memory import create_memory, update_memory
from resolvers.memory_access import record_memory_access
from resolvers.memory_annotation import apply_memory_annotation, create_memory_annotation
from server.demo.tree import SampleSession


async def remember(session: SampleSession) -> None:
    """Make a memory now and then, and use, remark on, revise and replace it."""
    tree, random = session.tree, session.tree.random
    if tree.chance(0.45):
        return
    text = tree.tell(session.topic.remembered)
    made = await create_memory(
        tree.recording,
        agent=session.agent.agent_id,
        session=session.name,
        user_id=tree.words["name"].lower(),
        type="fact",
        memory_type=random.choice(["semantic", "episodic"]),
        content={"text": text, "order": tree.words["order"]},
        content_text=text,
        importance=round(random.uniform(0.2, 1), 2),
        confidence=round(random.uniform(0.5, 1), 2),
        source_type="message",
        created_at=tree.clock,
    )
    memory = encode("memory", made["memory"])
    await _access(session, memory, session.name, tree.tick(0.5, 5))
    for at in sorted(tree.later() for _ in range(random.randint(0, 4))):
        await _access(session, memory, None, at)
    if tree.chance(0.3):
        await _revise(session, memory, text)


async def _access(
    session: SampleSession, memory: str, within: str | None, occurred_at: datetime
) -> None:
    tree, random = session.tree, session.tree.random
    search = tree.chance(0.5)
    await record_memory_access(
        tree.recording,
        memory=memory,
        session=within,
        access_type="SEARCH_HIT" if search else "READ",
        accessed_by=session.agent.agent_id,
        accessor_type="AGENT",
        query_text=session.topic.title if search else None,
        rank=random.randint(0, 9) if search else None,
        score=round(random.uniform(0.5, 1), 3) if search else None,
        usefulness=round(random.random(), 2),
        occurred_at=occurred_at,
    )


async def _revise(session: SampleSession, memory: str, text: str) -> None:
    tree = session.tree
    remark = await create_memory_annotation(
        tree.recording,
        memory=memory,
        annotation_type="correction",
        content={"text": f"{text} Confirmed by mail."},
        annotator_kind=tree.random.choice(list(AnnotatorKind)),
        created_by="team-lead",
        created_at=tree.clock,
    )
    if tree.chance(0.5):
        at = tree.later()
        await update_memory(
            tree.recording,
            memory=memory,
            content_text=f"{text} Confirmed by mail.",
            confidence=1.0,
            changed_by="team-lead",
            reason="A remark was right.",
            changed_at=at,
        )
        annotation = encode("memory_annotation", remark["memory_annotation"])
        await apply_memory_annotation(tree.recording, memory_annotation=annotation, applied_at=at)
    else:
        await create_memory(
            tree.recording,
            agent=session.agent.agent_id,
            type="fact",
            content={"text": f"{text} Confirmed by mail."},
            content_text=f"{text} Confirmed by mail.",
            importance=0.5,
            relations=[
                {
                    "memory": memory,
                    "relation_type": tree.random.choice(["SUPERSEDES", "DERIVED_FROM"]),
                }
            ],
            created_at=tree.clock,
        )
