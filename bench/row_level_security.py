"""What row-level security would cost the server's own statements, and what becomes of their plans.

    python -m bench.row_level_security

Eight projects have the same rows. Statements are recorded as the server sends them, and sent again
by the driver on one connection at a time: of a role that no policy binds (`none`), and of one that
policies bind, with the project set in one of two ways:

- `transaction`: within a transaction round each statement, by one message together with its BEGIN;
- `connection`: on the connection, when a statement is of another project than the one before.

`projects` is how many take turns. Ratios are against `none`: of times the median over the rounds,
of processor time (PostgreSQL's and the driver's) that of all rounds together.
"""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from operator import truediv
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import httpx2
import psutil
import typer
from sqlalchemy.engine import URL
from uuid_utils.compat import uuid7

from bench.database import address, connection_to
from bench.fill import fill
from bench.operations import draw_samples, make_bodies
from bench.store import temporary_environment
from server.app import create_app
from server.database import create_engine, read_url
from server.embedded_postgres import embedded_postgres
from server.settings import Settings
from server.structured_logs import configure_logs
from tests.project_conditions import PROJECT_TABLES, project_use
from tests.server_process import serve
from tests.statements import recorded_statements

PROJECTS = 8
SETTING = "sessiongraph.project_id"
VARIANTS = ("none", "transaction", "connection")
RUNS = {"point": 400, "page": 30, "write": 200}
"""How often each is sent in a round; filters 20 times."""
FILTERS = {
    "context contains": "filter: {context: {contains: {order: 7}}}",
    "tags contain": 'filter: {tags: {contains: ["orders", "tier-3"]}}',
    "title contains": 'filter: {title: {contains: "n 77 a"}}',
    "status is": "filter: {status: {eq: FAILED}}",
    "after": 'after: "{cursor}"',
}
"""Pages of sessions; those that contain something are found by indexes of documents."""
_POLICIES = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY own_project ON {table}
    USING (project_id = current_setting('{setting}')::integer);
"""
_ROLES = """
CREATE ROLE bound;
CREATE ROLE unbound BYPASSRLS;
GRANT ALL ON ALL TABLES IN SCHEMA public TO bound, unbound;
"""


@dataclass(frozen=True)
class Taken:
    """Seconds that a statement took, and seconds of a processor, of PostgreSQL's and ours."""

    time: float
    processor: float


@dataclass(frozen=True)
class Recorded:
    """A statement of the server with its arguments, and the row that it was sent for."""

    text: str
    arguments: list[Any]
    row_id: UUID | None

    def with_arguments(self, project: int, row_id: UUID | None) -> list[Any]:
        """Give the arguments for a project and a row; what it inserts has a new id."""
        given = list(self.arguments)
        for place, argument in enumerate(given):
            if isinstance(argument, UUID):
                given[place] = row_id if argument == self.row_id else uuid7()
        for number in project_use(self.text).parameters:
            given[number - 1] = project
        return given


async def prepare(url: URL, sessions: int) -> None:
    """Fill a migrated store with projects, policies and roles."""
    async with connection_to(url) as connection:
        await fill(connection, sessions)  # which leaves foreign keys unchecked
        for table in sorted(PROJECT_TABLES):
            found = await connection.fetch(
                "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0"
                " AND attname <> 'project_id' AND NOT attisdropped",
                table,
            )
            columns = ", ".join(f'"{row["attname"]}"' for row in found)
            await connection.execute(
                f"INSERT INTO {table} (project_id, {columns}) SELECT n, {columns}"
                f" FROM {table}, generate_series(2, {PROJECTS}) n"
            )
            await connection.execute(_POLICIES.format(table=table, setting=SETTING))
        await connection.execute(_ROLES)
        await connection.execute("VACUUM ANALYZE")


async def record(url: URL, ids: dict[str, list[UUID]]) -> dict[str, Recorded]:
    """Have the server run each operation once, and give the statements that it sent."""
    engine = create_engine(Settings(), read_url(address(url)))
    app = create_app(Settings(insecure=True), engine)
    transport = httpx2.ASGITransport(app=app)
    found = {}
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as http:

        async def send(name: str, body: bytes, row_id: UUID | None) -> Any:
            headers = {"content-type": "application/json"}
            async with recorded_statements(engine) as statements:
                answer = (await http.post("/graphql", content=body, headers=headers)).json()
            assert "errors" not in answer, answer["errors"]
            (statement,) = statements
            found[name] = Recorded(statement.query, list(statement.args), row_id)
            return answer["data"]

        for name in RUNS:
            asked = ids[name][:1]
            (body,) = make_bodies("sessiongraph", name, asked)
            await send(name, body, asked[0] if asked else None)
        first = b'{"query": "{ sessions(first: 50) { pageInfo { endCursor } } }"}'
        page = await send("first", first, None)
        del found["first"]
        for name, arguments in FILTERS.items():
            told = arguments.replace("{cursor}", page["sessions"]["pageInfo"]["endCursor"])
            query = f"{{ sessions(first: 50, {told}) {{ nodes {{ id title }} }} }}"
            await send(name, json.dumps({"query": query}).encode(), None)
    await engine.dispose()
    return found


@asynccontextmanager
async def connections(url: URL) -> AsyncIterator[dict[str, "Sender"]]:
    """Give a connection for each variant."""
    made = {}
    for variant in VARIANTS:
        # as long a statement is kept prepared as the server keeps
        connection = await asyncpg.connect(address(url), max_cacheable_statement_size=64 * 1024)
        await connection.execute("SET synchronous_commit = off")
        await connection.execute(f"SET ROLE {'unbound' if variant == 'none' else 'bound'}")
        made[variant] = Sender(connection, variant)
    yield made
    for sender in made.values():
        await sender.connection.close()


class Sender:
    """Sends statements on a connection of one variant."""

    def __init__(self, connection: Any, variant: str) -> None:
        self.connection = connection
        self._variant = variant
        self._backend = psutil.Process(connection.get_server_pid())

    async def run(self, text: str, calls: list[tuple[int, list[Any]]]) -> Taken:
        """Send a statement for each project and arguments."""
        current = None
        processor, started = self._processor(), perf_counter()
        for project, arguments in calls:
            if self._variant == "transaction":
                await self.connection.execute(
                    f"BEGIN; SELECT set_config('{SETTING}', '{project}', true)"
                )
                await self.connection.fetch(text, *arguments)
                await self.connection.execute("COMMIT")
                continue
            if self._variant == "connection" and project != current:
                await self.connection.execute(f"SELECT set_config('{SETTING}', '{project}', false)")
                current = project
            await self.connection.fetch(text, *arguments)
        ended = perf_counter()
        return Taken((ended - started) / len(calls), (self._processor() - processor) / len(calls))

    def _processor(self) -> float:
        used = self._backend.cpu_times()
        return process_time() + used.user + used.system


def calls_of(
    name: str, statement: Recorded, ids: list[UUID], projects: int
) -> list[tuple[int, list[Any]]]:
    """Make the calls of a round: projects and rows take turns."""
    count = RUNS.get(name, 20)
    return [
        (
            place % projects + 1,
            statement.with_arguments(place % projects + 1, ids[place % len(ids)] if ids else None),
        )
        for place in range(count)
    ]


def compare(taken: dict[str, list[Taken]], what: str) -> list[str]:
    """Write what a statement takes without policies, and the ratios of the others to it."""
    plain, *others = [[getattr(each, what) for each in taken[name]] for name in VARIANTS]
    # a round is too short for the processor's clock, so its ratio is that of all rounds together
    ratios = [sum(other) / sum(plain) for other in others]
    if what == "time":
        ratios = [median(map(truediv, other, plain)) for other in others]
    return [f"{median(plain) * 1e3:.3g}", *[f"{each:.2f}" for each in ratios]]


async def measure(url: URL, ids: dict[str, list[UUID]], rounds: int) -> None:
    """Print the time of each operation, and the ratios."""
    recorded = await record(url, ids)
    times: dict[tuple[str, int], dict[str, list[Taken]]] = defaultdict(lambda: defaultdict(list))
    async with connections(url) as made:
        for number in range(rounds + 1):
            for name, statement in recorded.items():
                for projects in (1, PROJECTS) if name in RUNS else (1,):
                    # each begins in turn, since what comes first finds colder caches
                    for step in range(len(VARIANTS)):
                        variant = VARIANTS[(step + number) % len(VARIANTS)]
                        calls = calls_of(name, statement, ids.get(name, []), projects)
                        once = await made[variant].run(statement.text, calls)
                        if number:  # the first round prepares
                            times[name, projects][variant].append(once)
        print("| operation | projects | none, ms | transaction | connection", end="")
        print(" | none, CPU ms | transaction, CPU | connection, CPU |")
        print(f"| --- {'| ---: ' * 7}|")
        for (name, projects), taken in times.items():
            # those sent seldom take too little of the processor for its clock
            processor = compare(taken, "processor") if name in RUNS else [""] * len(VARIANTS)
            cells = [name, str(projects), *compare(taken, "time"), *processor]
            print(f"| {' | '.join(cells)} |")
        print()
        for name, statement in recorded.items():
            ((_, arguments), *_) = calls_of(name, statement, ids.get(name, []), 1)
            await compare_plans(made, name, statement.text, arguments)


async def compare_plans(
    made: dict[str, Sender], name: str, text: str, arguments: list[Any]
) -> None:
    """Print where the policy's condition stands in a plan, and both plans if they differ."""
    ways = []
    checked: Counter[str] = Counter()
    for variant in ("none", "connection"):
        await made[variant].connection.execute(f"SELECT set_config('{SETTING}', '1', false)")
        told = await made[variant].connection.fetchval(f"EXPLAIN (FORMAT JSON) {text}", *arguments)
        plan = json.loads(told)[0]["Plan"]
        ways.append(list(reads(plan)))
        checked += Counter(conditions(plan))
    places = ", ".join(f"{count} in {place}" for place, count in checked.items())
    print(f"{name}: {'the same' if ways[0] == ways[1] else 'another'} plan; policy: {places}")
    if ways[0] != ways[1]:
        for title, way in zip(("none", "policies"), ways, strict=True):
            print("\n".join([f"  {title}:", *[f"    {line}" for line in way]]))


def conditions(plan: dict[str, Any]) -> Iterator[str]:
    """Give the kinds of conditions that the policy's one is a part of."""
    yield from (name for name, value in plan.items() if SETTING in str(value) and name != "Plans")
    for inner in plan.get("Plans", ()):
        yield from conditions(inner)


def reads(plan: dict[str, Any]) -> Iterator[str]:
    """Give the ways in which a plan reads tables, by which index and its columns."""
    if "Index Name" in plan or "Scan" in plan["Node Type"]:
        where = plan.get("Index Name") or plan.get("Relation Name")
        if where in PROJECT_TABLES or "Index Name" in plan:
            yield f"{plan['Node Type']} {where} {plan.get('Index Cond', '')}".rstrip()
    for inner in plan.get("Plans", ()):
        yield from reads(inner)


def main(
    rounds: Annotated[int, typer.Option(min=1)] = 9,
    sessions: Annotated[int, typer.Option(min=100, help="Of each project.")] = 1_000,
) -> None:
    """Measure on an embedded PostgreSQL of its own."""
    with temporary_environment() as environment:
        with serve(environment):
            pass  # which migrates the store
        folder = Path(environment["SESSIONGRAPH_DATA_DIRECTORY"])
        parameters = {"fsync": "off", "autovacuum": "off", "shared_buffers": "512MB"}
        with embedded_postgres(folder, parameters) as url:
            configure_logs(Settings(log_level="WARNING"))
            asyncio.run(prepare(url, sessions))
            ids = asyncio.run(draw_samples(url))
            asyncio.run(measure(url, ids, rounds))


if __name__ == "__main__":
    typer.run(main)
