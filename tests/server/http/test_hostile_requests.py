import re

import httpx2
import pytest

from tests.server.http.hostile_documents import MARK
from tests.server.http.hostile_requests import GOOD, HOSTILE, JSON, Hostile
from tests.server.http.toy_schema import PATH, ToyContext, toy_client

_INNARDS = re.compile(
    rf"Traceback|{MARK}|{PATH}|\.py\b|site-packages|File \"|SELECT \w|NoneType|None\b|object at 0x"
    r"|graphql.core|strawberry|starlette|uvicorn|orjson|asyncpg|sqlalchemy|Maybe\[|Did you mean",
    re.IGNORECASE,
)


async def _send(client: httpx2.AsyncClient, hostile: Hostile) -> httpx2.Response:
    request = client.build_request(
        hostile.method,
        f"/graphql?{hostile.query}",
        content=hostile.body,
        headers=hostile.headers,
    )
    if "accept" not in hostile.headers:
        del request.headers["accept"]
    return await client.send(request)


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.name)
async def test_a_bad_request_is_refused_in_plain_words(hostile: Hostile) -> None:
    context = ToyContext()
    async with toy_client(context, introspection=False) as client:
        response = await _send(client, hostile)
        assert response.status_code == hostile.status, response.text
        assert not _INNARDS.search(response.text), response.text
        if hostile.method == "HEAD":
            return
        answer = response.json()
        assert list(answer) == ["errors"]
        for error in answer["errors"]:
            assert error["message"]
            assert len(error["message"]) < 300
            assert error["extensions"]["requestId"] == response.headers["x-request-id"]
            assert error["extensions"]["code"] in {"BAD_USER_INPUT", "LIMITED", "UNAUTHENTICATED"}
        assert len(answer["errors"]) <= 21
        assert context.written == []
        after = await client.post("/graphql", content=GOOD, headers=JSON)
        assert after.json() == {"data": {"hello": "hello world"}}


def test_there_are_enough_bad_requests() -> None:
    assert len(HOSTILE) >= 120
    assert len({hostile.name for hostile in HOSTILE}) == len(HOSTILE)
