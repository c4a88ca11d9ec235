from typing import Any

import httpx2
import pytest
from structlog.testing import capture_logs

from tests.server.http.hostile_requests import GOOD, GRAPHQL, JSON
from tests.server.http.toy_schema import PATH, ToyContext, toy_client

RESPONSE_TYPE = "application/graphql-response+json; charset=utf-8"
JSON_TYPE = "application/json; charset=utf-8"


async def _post(
    client: httpx2.AsyncClient, query: str, headers: dict[str, str] = GRAPHQL, **variables: Any
) -> httpx2.Response:
    return await client.post(
        "/graphql", json={"query": query, "variables": variables}, headers=headers
    )


async def _error(client: httpx2.AsyncClient, query: str, **variables: Any) -> dict[str, Any]:
    response = await _post(client, query, **variables)
    (error,) = response.json()["errors"]
    assert isinstance(error, dict)
    return error


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, JSON_TYPE),
        ("", JSON_TYPE),
        ("*/*", JSON_TYPE),
        ("application/*", JSON_TYPE),
        ("application/json", JSON_TYPE),
        ("application/graphql-response+json", RESPONSE_TYPE),
        ("application/graphql-response+json; charset=utf-8", RESPONSE_TYPE),
        ("application/graphql-response+json, application/json;q=0.9", RESPONSE_TYPE),
        ("application/json, application/graphql-response+json", RESPONSE_TYPE),
        ("application/graphql-response+json;q=0.5, application/json", JSON_TYPE),
        ("application/graphql-response+json;q=0, */*", JSON_TYPE),
        ("application/json;q=0, */*", RESPONSE_TYPE),
        ("text/html, application/json;q=0.1", JSON_TYPE),
        ("application/json; charset=utf-16, application/json", JSON_TYPE),
        ("multipart/mixed, application/graphql-response+json, */*;q=0.1", RESPONSE_TYPE),
    ],
)
async def test_the_response_has_the_media_type_that_is_accepted_best(
    accept: str | None, media_type: str
) -> None:
    async with toy_client() as client:
        request = client.build_request("POST", "/graphql", content=GOOD, headers=JSON)
        del request.headers["accept"]
        if accept is not None:
            request.headers["accept"] = accept
        response = await client.send(request)
        assert response.status_code == 200
        assert response.headers["content-type"] == media_type
        assert response.headers["vary"] == "accept"


@pytest.mark.parametrize("query", ["{", "{ nope }", "query ($v: Int!) { integer(value: $v) }"])
async def test_a_request_error_is_a_200_for_plain_json_and_has_no_data(query: str) -> None:
    async with toy_client() as client:
        for headers, status in ((JSON, 200), (GRAPHQL, 400)):
            response = await _post(client, query, headers)
            assert response.status_code == status
            assert "data" not in response.json()


async def test_data_with_errors_is_a_200() -> None:
    async with toy_client() as client:
        response = await _post(client, '{ hello fails(how: "conflict") }')
        assert response.status_code == 200
        assert response.json()["data"] == {"hello": "hello world", "fails": None}
        response = await _post(client, "{ mustNotFail }")
        assert response.status_code == 200
        assert response.json()["data"] is None


async def test_a_query_by_get() -> None:
    async with toy_client() as client:
        parameters = {
            "query": "query A { hello } query B($name: String) { hello(name: $name) }",
            "operationName": "B",
            "variables": '{"name": "you"}',
            "extensions": "",
            "unknown": "is ignored",
        }
        response = await client.get("/graphql", params=parameters)
        assert response.json() == {"data": {"hello": "hello you"}}
        parameters = {"query": "{ hello }", "operationName": "", "variables": ""}
        assert (await client.get("/graphql", params=parameters)).status_code == 200
        response = await client.get("/graphql", params={"query": "mutation { __typename }"})
        assert (response.status_code, response.headers["allow"]) == (405, "POST")


async def test_the_operation_is_chosen_by_its_name() -> None:
    async with toy_client() as client:
        body = {"query": 'query A { hello } query B { hello(name: "B") }'}
        error = (await client.post("/graphql", json=body)).json()["errors"][0]
        assert error["extensions"]["field"] == "operationName"
        response = await client.post("/graphql", json={**body, "operationName": "B"})
        assert response.json() == {"data": {"hello": "hello B"}}


async def test_values_are_written_as_they_are() -> None:
    async with toy_client() as client:
        response = await _post(client, "{ row }")
        assert response.text == (
            '{"data":{"row":{"time":"2026-01-31T00:00:00Z",'
            '"json":{"z": 1.10, "a": 12345678901234567890}}}}'
        )


async def test_a_domain_error_tells_its_code_field_and_facts() -> None:
    async with toy_client() as client:
        error = await _error(client, '{ fails(how: "conflict") }')
        assert error["message"] == "It changed."
        assert error["path"] == ["fails"]
        assert error["locations"] == [{"line": 1, "column": 3}]
        extensions = error["extensions"]
        assert extensions["code"] == "CONFLICT"
        assert extensions["field"] == "expectedRevision"
        assert extensions["currentRevision"] == 3


async def test_a_bug_is_masked_and_logged_under_its_request_id() -> None:
    async with toy_client() as client:
        with capture_logs() as logs:
            error = await _error(client, '{ fails(how: "bug") }')
        assert error["message"] == "Internal error"
        assert error["extensions"]["code"] == "INTERNAL"
        (logged,) = [line for line in logs if line["event"] == "internal error"]
        assert PATH in str(logged["exc_info"])


async def test_many_errors_of_one_cause_are_logged_once_and_told_in_part() -> None:
    async with toy_client(max_errors=3) as client:
        with capture_logs() as logs:
            response = await _post(client, "{ failingThings(count: 1000) { name } }")
        errors = response.json()["errors"]
        assert [error["message"] for error in errors] == [
            *["Internal error"] * 3,
            "Errors left out: 997.",
        ]
        assert [line["event"] for line in logs].count("internal error") == 1
        (request,) = [line for line in logs if line["event"] == "request"]
        assert request["errors"] == 1000


@pytest.mark.parametrize("how", ["database", "pool"])
async def test_a_database_that_is_away_is_unavailable(how: str) -> None:
    async with toy_client() as client:
        error = await _error(client, "query ($how: String!) { fails(how: $how) }", how=how)
        assert error["extensions"]["code"] == "UNAVAILABLE"
        assert "try again" in error["message"]


@pytest.mark.parametrize("headers", [JSON, GRAPHQL])
async def test_a_context_that_cannot_be_made_refuses_the_request(headers: dict[str, str]) -> None:
    async with toy_client() as client:
        response = await _post(client, "{ hello }", {**headers, "authorization": "no"})
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"
        response = await _post(client, "{ hello }", {**headers, "authorization": "broken"})
        assert response.status_code == 503
        assert response.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"


async def test_what_is_no_json_is_an_internal_error() -> None:
    async with toy_client() as client:
        response = await _post(client, "{ unwritable }")
        assert response.status_code == 500
        assert response.json()["errors"][0]["message"] == "Internal error"


@pytest.mark.parametrize(
    ("document", "value", "field", "message"),
    [
        (
            "query ($v: Int!) { integer(value: $v) }",
            "x",
            "v",
            "Variable '$v' has an invalid value: Int cannot represent non-integer value.",
        ),
        (
            "mutation ($v: WriteInput!) { write(input: $v) }",
            {"text": "x", "nested": [{"count": 1}, {"count": 2, "colours": ["RED", "x"]}]},
            "nested.1.colours.1",
            "has an invalid value at 'nested.1.colours.1': Not a value of the enum 'Colour'.",
        ),
        (
            "mutation ($v: WriteInput!) { write(input: $v) }",
            {"text": "x", "even": 3},
            "even",
            "Give an even number.",
        ),
        (
            "mutation ($v: WriteInput!) { write(input: $v) }",
            {"text": "x", "even": "y"},
            "even",
            "Variable '$v' has an invalid value at 'even': Expected value of type 'Even'.",
        ),
        (
            "mutation ($v: WriteInput!) { write(input: $v) }",
            {"text": "x", "other": "y"},
            "v",
            "Expected value of type 'WriteInput' not to include unknown field 'other'.",
        ),
        (
            "query ($v: Int!) { integer(value: $v) }",
            None,
            "v",
            "Expected value of non-null type 'Int!' not to be null.",
        ),
    ],
)
async def test_a_wrong_variable_is_named_by_its_path_without_its_value(
    document: str, value: Any, field: str, message: str
) -> None:
    async with toy_client() as client:
        error = await _error(client, document, v=value)
        assert error["message"].endswith(message)
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert error["extensions"]["field"] == field


async def test_names_are_suggested_only_where_introspection_is_answered() -> None:
    async with toy_client() as client:
        assert "Did you mean 'hello'?" in (await _error(client, "{ helo }"))["message"]
    async with toy_client(introspection=False) as client:
        assert (await _error(client, "{ helo }"))["message"].endswith("on type 'Query'.")
        assert "__schema" in (await _error(client, "{ __schema { description } }"))["message"]
        assert (await _post(client, "{ __typename }")).json() == {"data": {"__typename": "Query"}}


async def test_a_request_that_takes_too_long_is_stopped() -> None:
    context = ToyContext()
    async with toy_client(context, request_timeout_seconds=0.05) as client:
        for query in ("{ waits }", 'mutation { writeSlowly(text: "a") }'):
            error = await _error(client, query)
            assert error["extensions"]["code"] == "LIMITED"
        context.proceed.set()
        assert context.written == []
        assert (await _post(client, "{ waits }")).json() == {"data": {"waits": "done"}}


async def test_one_line_is_logged_for_a_request_without_what_it_said() -> None:
    async with toy_client() as client:
        with capture_logs() as logs:
            query = "query Greeting($name: String) { hello(name: $name) }"
            response = await _post(client, query, name="private")
        (line,) = logs
        assert line["operation"] == "Greeting"
        assert line["status"] == 200
        assert line["errors"] == 0
        assert line["milliseconds"] > 0
        assert "private" not in str(line)
        assert "hello" not in str(line)
        assert response.headers["x-request-id"]
