"""Puts the states of modules in order: the rows of one module in a session are its revisions."""

from collections import defaultdict
from collections.abc import Iterator
from heapq import heappop, heappush

import orjson

from exchange.prisma.copy import Copy


def arrange_states(copy: Copy, rank: int) -> None:
    """Place states and transitions in their sessions' timelines.

    A state without a session is that of the one that it follows, or stands in a session that is
    made for it, named after the module.
    """
    copy.refuse(
        "ModuleState",
        "session IS NOT NULL AND session_key IS NULL",
        "Its session is not there, or was refused.",
    )
    _find_sessions(copy)
    copy.refuse(
        "StateTransition",
        "owner NOT IN (SELECT id FROM kept WHERE model = 'ModuleState')",
        "Its state is not there, or was refused.",
    )
    groups = copy.select("SELECT DISTINCT session_key, name FROM kept WHERE model = 'ModuleState'")
    places: dict[int, int] = defaultdict(int)
    for session, module in list(groups):
        places[session] = _place(copy, rank, session, module, places[session])


def _find_sessions(copy: Copy) -> None:
    while copy.run(
        "UPDATE rows SET session_key = (SELECT p.session_key FROM kept p"
        " WHERE p.model = 'ModuleState' AND p.id = rows.owner AND p.name = rows.name)"
        " WHERE model = 'ModuleState' AND refusal IS NULL AND session_key IS NULL"
        " AND EXISTS (SELECT 1 FROM kept p WHERE p.model = 'ModuleState' AND p.id = rows.owner"
        " AND p.name = rows.name AND p.session_key IS NOT NULL)"
    ):
        pass
    modules = copy.select(
        "SELECT name, min(made_at) FROM kept WHERE model = 'ModuleState'"
        " AND session_key IS NULL GROUP BY name ORDER BY name"
    )
    for module, made_at in list(modules):
        own_name = f"module {module}"[:512]
        copy.run(
            "INSERT OR IGNORE INTO sessions (model, id, own_name, made_at, depth)"
            " VALUES ('module', ?, ?, ?, 0)",
            module,
            own_name,
            made_at,
        )
        condition = "session_key IS NULL AND name = ?"
        ((key,),) = copy.select("SELECT key FROM sessions WHERE own_name = ?", own_name)
        copy.run(
            "INSERT INTO notes SELECT 'ModuleState', id, 'without a session: stands in one named"
            f" after its module' FROM kept WHERE model = 'ModuleState' AND {condition}",
            module,
        )
        copy.run(
            "UPDATE rows SET session_key = ? WHERE model = 'ModuleState' AND refusal IS NULL"
            f" AND {condition}",
            key,
            module,
        )


def _place(copy: Copy, rank: int, session: int, module: str, place: int) -> int:
    rows = list(
        copy.select(
            "SELECT id, owner, coalesce(made_at, 0) FROM rows WHERE model = 'ModuleState'"
            " AND session_key = ? AND name = ? AND refusal IS NULL ORDER BY made_at, id",
            session,
            module,
        )
    )
    times = {row_id: made_at for row_id, _, made_at in rows}
    ordered = list(_in_order([(row_id, before) for row_id, before, _ in rows]))
    at = 0
    for number, row_id in enumerate(ordered):
        extra = orjson.dumps({"first": ordered[0], "is_last": number == len(ordered) - 1}).decode()
        at = max(at, times[row_id])
        entries = [("ModuleState", row_id, at)]
        moves = copy.select(
            "SELECT id, coalesce(made_at, 0) FROM kept WHERE model = 'StateTransition'"
            " AND owner = ? ORDER BY made_at, id",
            row_id,
        )
        for move_id, made_at in moves:
            at = max(at, made_at)
            entries.append(("StateTransition", move_id, at))
        for model, entry_id, moment in entries:
            place += 1
            copy.run(
                "INSERT INTO timeline VALUES (?, ?, ?, ?, ?, ?, ?)",
                session,
                moment,
                rank,
                place,
                model,
                entry_id,
                extra,
            )
    return place


def _in_order(rows: list[tuple[str, str | None]]) -> Iterator[str]:
    """Give ids so that each comes after the one before it, else in the order given.

    Rows that lead back to themselves come last, in the order given.
    """
    there = {row_id for row_id, _ in rows}
    after: dict[str | None, list[str]] = defaultdict(list)
    for row_id, before in rows:
        after[before if before in there and before != row_id else None].append(row_id)
    position = {row_id: place for place, (row_id, _) in enumerate(rows)}
    given = set()
    waiting = [(position[row_id], row_id) for row_id in after[None]]
    while waiting:
        _, row_id = heappop(waiting)
        given.add(row_id)
        yield row_id
        for each in after[row_id]:
            heappush(waiting, (position[each], each))
    yield from (row_id for row_id, _ in rows if row_id not in given)
