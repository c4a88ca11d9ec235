"""What the sample agents remember."""

from models import AnnotatorKind
from resolvers.identifiers import encode
from resolvers.memory import create_memory, update_memory
from resolvers.memory_access import record_memory_access
from resolvers.memory_annotation import apply_memory_annotation, create_memory_annotation
from server.demo.catalogue import SampleAgent, Topic
from server.demo.tree import Tree


async def remember(tree: Tree, agent: SampleAgent, topic: Topic, session: str) -> None:
    """Make a memory now and then, and use, remark on, revise and replace it."""
    random, recording = tree.random, tree.recording
    if tree.chance(0.45):
        return
    text = tree.tell(topic.remembered)
    made = await create_memory(
        recording,
        agent=agent.agent_id,
        session=session,
        user_id=tree.tell("{name}").lower(),
        type="fact",
        memory_type=random.choice(["semantic", "episodic"]),
        content={"text": text, "order": tree.tell("{order}")},
        content_text=text,
        importance=round(random.uniform(0.2, 1), 2),
        confidence=round(random.uniform(0.5, 1), 2),
        source_type="message",
        created_at=tree.clock,
    )
    memory = encode("memory", made["memory"])
    for rank in range(random.randint(1, 5)):
        search = tree.chance(0.5)
        await record_memory_access(
            recording,
            memory=memory,
            session=session,
            access_type="SEARCH_HIT" if search else "READ",
            accessed_by=agent.agent_id,
            accessor_type="AGENT",
            query_text=topic.title if search else None,
            rank=rank if search else None,
            score=round(random.uniform(0.5, 1), 3) if search else None,
            usefulness=round(random.random(), 2),
            occurred_at=tree.tick(0.5, 5),
        )
    if tree.chance(0.3):
        await _revise(tree, memory, text)


async def _revise(tree: Tree, memory: str, text: str) -> None:
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
        await update_memory(
            tree.recording,
            memory=memory,
            content_text=f"{text} Confirmed by mail.",
            confidence=1.0,
            changed_by="team-lead",
            reason="A remark was right.",
        )
        annotation = encode("memory_annotation", remark["memory_annotation"])
        await apply_memory_annotation(tree.recording, memory_annotation=annotation)
    else:
        await create_memory(
            tree.recording,
            agent=None,
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
