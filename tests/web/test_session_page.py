"""The explorer's page of one session."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.web.graphql_recorder import GraphQLRecorder

LONG = 10_000
BATCH = 1_000
MOST_ROWS = 60
"""That may be in the page at once, whatever the length of the session."""


def _messages(page: Page) -> Locator:
    return page.get_by_role("region", name="Messages").get_by_role("article")


def _tree(recorder: GraphQLRecorder) -> dict[str, Any]:
    """Find a session of the sample history that has one above it, with its root."""
    found = recorder.execute(
        """{ sessions(first: 1, filter: {depth: {eq: 2}}) {
            nodes { id title parent { id title } root { id title descendants { totalCount } } }
        } }"""
    )
    session: dict[str, Any] = found["sessions"]["nodes"][0]
    return session


def _ask(recorder: GraphQLRecorder, name: str) -> str:
    """Record a session in which an agent asks a person."""
    session = recorder.session(name, title=name)
    call = {"toolName": "send_voucher", "toolCallId": "call", "arguments": {"euros": 10}}
    recorder.record(
        "recordMessage", "replayed", session=session, role="ASSISTANT", toolCalls=[call]
    )
    recorder.record(
        "requestConfirmation",
        "confirmation { id }",
        session=session,
        toolCall="call",
        userMessage="Send a voucher?",
    )
    return session


def _long_session(recorder: GraphQLRecorder) -> str:
    """Record a session of `LONG` messages, once."""
    session = recorder.session("long", title="Long")
    for start in range(0, LONG, BATCH):
        messages = [
            {"session": session, "role": "USER", "content": f"Message number {number + 1}"}
            for number in range(start, start + BATCH)
        ]
        recorder.record(
            "recordBatch",
            "replayed",
            idempotencyKey=f"long/{start}",
            records=[{"recordMessage": message} for message in messages],
        )
    return session


def test_the_tree_leads_through_its_sessions(page: Page, recorder: GraphQLRecorder) -> None:
    below = _tree(recorder)
    root = below["root"]
    page.goto(f"/sessions/{root['id']}")
    tree = page.get_by_role("navigation", name="Sessions of the tree")
    expect(tree.get_by_role("link")).to_have_count(1 + root["descendants"]["totalCount"])
    tree.locator(f"a[href='/sessions/{below['id']}']").click()
    expect(page.get_by_role("heading", name=below["title"])).to_be_visible()
    crumbs = page.get_by_role("navigation", name="Where this session stands").get_by_role("link")
    expect(crumbs).to_have_text(["Sessions", root["title"], below["parent"]["title"]])
    crumbs.nth(2).click()
    expect(page.get_by_role("heading", name=below["parent"]["title"])).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name=below["title"])).to_be_visible()


def test_its_usage_is_that_of_its_tree(page: Page, recorder: GraphQLRecorder) -> None:
    root = _tree(recorder)["root"]["id"]
    usage = recorder.execute(
        """query ($id: ID!) { session(id: $id) { treeUsage {
            sessionCount messageCount toolCallCount inputTokens outputTokens costUsd
        } } }""",
        id=root,
    )["session"]["treeUsage"]
    page.goto(f"/sessions/{root}")
    main = page.get_by_role("main")
    for text in (
        f"Sessions{usage['sessionCount']}",
        f"Messages{usage['messageCount']}",
        f"Tool calls{usage['toolCallCount']}",
        f"Tokens in{usage['inputTokens']:,}",
        f"Tokens out{usage['outputTokens']:,}",
        f"Cost${float(usage['costUsd']):.4f}",
    ):
        expect(main).to_contain_text(text)


def test_the_conversation_has_its_tool_calls(page: Page, recorder: GraphQLRecorder) -> None:
    session = recorder.session("conversation", title="Conversation")
    turn = [
        {"role": "USER", "content": "What is the weather in Lyon?"},
        {
            "role": "ASSISTANT",
            "toolCalls": [
                {"toolName": "weather", "toolCallId": "c", "arguments": {"city": "Lyon"}}
            ],
        },
        {"role": "TOOL", "toolCallId": "c", "content": "clear"},
        {"role": "ASSISTANT", "content": "Clear sky over Lyon."},
    ]
    recorder.record("recordTurn", "replayed", session=session, messages=turn)
    page.goto(f"/sessions/{session}")
    expect(_messages(page)).to_have_count(4)
    call = _messages(page).nth(1)
    expect(call).to_contain_text("weather")
    expect(call).to_contain_text('"city": "Lyon"')
    expect(call).to_contain_text("SUCCEEDED")
    expect(call).to_contain_text("clear")


def test_the_timeline_shows_changes_of_states(page: Page, recorder: GraphQLRecorder) -> None:
    session = recorder.session("timeline", title="Timeline")
    for step in ("begun", "ended"):
        recorder.record(
            "upsertModuleState", "replayed", session=session, moduleId="plan", state={"step": step}
        )
    page.goto(f"/sessions/{session}")
    page.get_by_role("tab", name="Timeline").click()
    page.wait_for_url("**view=timeline")
    change = page.get_by_role("article").filter(has_text="plan, revision 2")
    expect(change.locator(".jsondiffpatch-left-value")).to_contain_text("begun")
    expect(change.locator(".jsondiffpatch-right-value")).to_contain_text("ended")
    again = page.context.new_page()
    again.goto(page.url)
    expect(again.get_by_role("article").filter(has_text="plan, revision 2")).to_be_visible()


def test_its_states_and_memories_lead_to_their_pages(page: Page, recorder: GraphQLRecorder) -> None:
    changed = recorder.execute("{ moduleStates(first: 1) { nodes { session { id } } } }")
    page.goto(f"/sessions/{changed['moduleStates']['nodes'][0]['session']['id']}?view=states")
    page.get_by_role("tabpanel").get_by_role("link").first.click()
    page.wait_for_url("**/module-states/*")
    page.go_back()
    remembered = recorder.execute(
        "{ memories(first: 1, filter: {session: {isNull: false}}) { nodes { session { id } } } }"
    )
    page.goto(f"/sessions/{remembered['memories']['nodes'][0]['session']['id']}")
    page.get_by_role("tab", name="Memories").click()
    page.get_by_role("tabpanel").get_by_role("link").first.click()
    page.wait_for_url("**/memories/*")


@pytest.mark.parametrize(
    ("button", "decision", "status"),
    [("Approve", "APPROVED", "PENDING"), ("Reject", "DENIED", "DENIED")],
)
def test_an_open_question_is_decided(
    page: Page, recorder: GraphQLRecorder, button: str, decision: str, status: str
) -> None:
    session = _ask(recorder, f"question {decision}")
    page.goto(f"/sessions/{session}")
    question = page.get_by_role("alert").filter(has_text="Send a voucher?")
    expect(question).to_contain_text('"euros": 10')
    expect(_messages(page)).to_contain_text("AWAITING_CONFIRMATION")
    question.get_by_role("button", name=button).click()
    expect(question).to_have_count(0)
    expect(_messages(page)).to_contain_text(status)
    found = recorder.execute(
        "query ($id: ID!) { session(id: $id) { confirmations { nodes { status decidedBy } } } }",
        id=session,
    )
    assert found["session"]["confirmations"]["nodes"] == [
        {"status": decision, "decidedBy": "explorer"}
    ]


def test_what_is_recorded_appears(page: Page, recorder: GraphQLRecorder) -> None:
    session = recorder.session("live page", title="Live")
    with page.expect_websocket():
        page.goto(f"/sessions/{session}")
    expect(page.get_by_text("Nothing was said in this session yet.")).to_be_visible()
    for number in range(1, 31):
        recorder.say(session, f"Said live, {number}")
    expect(_messages(page).first).to_contain_text("Said live, 1")
    page.get_by_role("button", name="Go to the end").click()
    expect(_messages(page).last).to_contain_text("Said live, 30")
    recorder.say(session, "Said at the end")
    expect(page.get_by_text("Said at the end")).to_be_in_viewport()
    page.get_by_role("tab", name="Timeline").click()
    page.get_by_role("button", name="Go to the end").click()
    recorder.record("createSessionEvent", "replayed", session=session, eventType="own.event")
    expect(page.get_by_text("own.event")).to_be_visible()
    recorder.session("live child", title="A child", parent=session)
    tree = page.get_by_role("navigation", name="Sessions of the tree")
    expect(tree.get_by_role("link", name="A child")).to_be_visible()
    recorder.record("endSession", "session { id }", session=session, status="COMPLETED")
    expect(page.get_by_role("main")).to_contain_text("COMPLETED")


def test_a_long_session_is_scrolled_to_its_end(page: Page, recorder: GraphQLRecorder) -> None:
    session = _long_session(recorder)
    page.goto(f"/sessions/{session}")
    expect(page.get_by_text("Message number 1", exact=True)).to_be_visible()
    region = page.get_by_role("region", name="Messages")
    most = 0
    for share in (0.2, 0.4, 0.6, 0.8):
        region.evaluate(
            "(element, share) => element.scrollTo(0, element.scrollHeight * share)", share
        )
        expect(_messages(page).first).to_be_visible()
        most = max(most, _messages(page).count())
    page.get_by_role("button", name="Go to the end").click()
    expect(page.get_by_text(f"Message number {LONG}", exact=True)).to_be_in_viewport()
    most = max(most, _messages(page).count())
    assert most <= MOST_ROWS
    recorder.say(session, "One more")
    expect(page.get_by_text("One more", exact=True)).to_be_in_viewport()
    region.press("Home")
    expect(page.get_by_text("Message number 1", exact=True)).to_be_in_viewport()


def test_frames_are_not_lost_while_a_long_session_is_scrolled(
    page: Page, recorder: GraphQLRecorder
) -> None:
    session = _long_session(recorder)
    page.goto(f"/sessions/{session}")
    expect(page.get_by_text("Message number 1", exact=True)).to_be_visible()
    region = page.get_by_role("region", name="Messages")
    slowest = region.evaluate(
        """async (element) => {
            let slowest = 0, before = performance.now();
            for (let frame = 0; frame < 60; frame += 1) {
                element.scrollBy(0, 120);
                await new Promise(requestAnimationFrame);
                slowest = Math.max(slowest, performance.now() - before);
                before = performance.now();
            }
            return slowest;
        }"""
    )
    assert slowest < 500, f"a frame took {slowest:.0f} ms"


def test_an_unknown_session_says_where_to_look(page: Page) -> None:
    page.goto("/sessions/session_01h455vb4pex5vsknk084sn02q")
    expect(page.get_by_role("alert")).to_contain_text("There is no such session")
    page.get_by_role("alert").get_by_role("link").click()
    expect(page).to_have_url(re.compile("/sessions$"))
