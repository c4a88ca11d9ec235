"""An agent that asks a person before it gives money back.

    python agent.py --session refund-1 --amount 20 --minutes 10

Killed and started again with the same session, it goes on where it was: whatever it recorded, it
records again under the same `idempotencyKey`, and gets the first answer.
"""

import argparse
import json
import os
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx2

URL = os.environ.get("SESSIONGRAPH_URL", "http://127.0.0.1:8000/graphql")
KEY = os.environ.get("SESSIONGRAPH_KEY")  # none is needed on the server's own machine
HEADERS = {"authorization": f"Bearer {KEY}"} if KEY else {}

CREATE_SESSION = """mutation ($input: CreateSessionInput!) {
  createSession(input: $input) { session { createdAt } }
}"""
RECORD_MESSAGE = """mutation ($input: RecordMessageInput!) {
  recordMessage(input: $input) { toolCalls { id } }
}"""
REQUEST_CONFIRMATION = """mutation ($input: RequestConfirmationInput!) {
  requestConfirmation(input: $input) { confirmation { id } }
}"""
RECORD_RESULT = """mutation ($input: RecordToolCallResultInput!) {
  recordToolCallResult(input: $input) { toolCall { status } }
}"""
END_SESSION = """mutation ($input: EndSessionInput!) {
  endSession(input: $input) { session { status } }
}"""
DECISION = "status reason decidedBy arguments editedArguments"
FOLLOW = f"subscription ($id: ID!) {{ confirmation(id: $id) {{ {DECISION} }} }}"
AWAIT = f"query ($id: ID!) {{ confirmation: awaitConfirmation(id: $id) {{ {DECISION} }} }}"


def main() -> None:
    """Record a turn that wants money back, ask a person, and do as they decide."""
    parser = argparse.ArgumentParser(description="Asks a person before it gives money back.")
    parser.add_argument("--session", required=True, help="a name for the session")
    parser.add_argument("--amount", type=float, default=20, help="euros to give back")
    parser.add_argument("--minutes", type=float, default=10, help="time to decide")
    parser.add_argument("--poll", action="store_true", help="wait without a subscription")
    given = parser.parse_args()

    call, asked = ask(given.session, given.amount, given.minutes)
    print(f"Waiting for a decision on {asked}", flush=True)
    decision = wait(asked) if given.poll else follow(asked)
    print(f"{decision['status']}: {decision['reason'] or 'no reason given'}", flush=True)
    if decision["status"] == "APPROVED":
        arguments = decision["editedArguments"] or decision["arguments"]
        record(RECORD_RESULT, f"{given.session}:run", toolCall=call, status="RUNNING")
        result = give_money_back(arguments["amount"], asked)
        record(RECORD_RESULT, f"{given.session}:result", toolCall=call, result=result)
        told, text = json.dumps(result), f"You get {arguments['amount']} euros back."
    else:
        told = f"{decision['status']}: {decision['reason']}"
        reason = (decision["reason"] or "nobody allowed it").rstrip(".")
        text = f"I may not give the money back: {reason}."
    # what the model is told of its call, then what a model would make of it
    say(given.session, "told", role="TOOL", toolCallId="call-1", content=told)
    say(given.session, "answer", role="ASSISTANT", content=text)
    record(END_SESSION, f"{given.session}:end", session=given.session)
    print(text)


def ask(session: str, amount: float, minutes: float) -> tuple[str, str]:
    """Record the turn and ask whether its tool call may run; give the ids of call and question."""
    made = record(CREATE_SESSION, f"{session}:create", sessionId=session, title="A refund")
    say(session, "request", role="USER", content=f"Give me {amount} euros back!")
    wanted = {
        "toolName": "give_money_back",
        "toolCallId": "call-1",
        "arguments": {"amount": amount},
    }
    (call,) = say(session, "call", role="ASSISTANT", toolCalls=[wanted])["toolCalls"]
    # by the session's own time, so that it is the same when this is run again
    until = datetime.fromisoformat(made["session"]["createdAt"]) + timedelta(minutes=minutes)
    asked = record(
        REQUEST_CONFIRMATION,
        f"{session}:ask",
        session=session,
        toolCall=call["id"],
        userMessage=f"Give {amount} euros back?",
        expiresAt=until.isoformat(),
    )
    return call["id"], asked["confirmation"]["id"]


def give_money_back(amount: float, key: str) -> dict[str, Any]:
    """Stand in for a payment service, which would take the key to pay once only."""
    return {"paid": amount, "paymentKey": key}


def say(session: str, name: str, **message: Any) -> dict[str, Any]:
    """Record a message of the session."""
    return record(RECORD_MESSAGE, f"{session}:{name}", session=session, **message)


def follow(confirmation: str) -> dict[str, Any]:
    """Follow a question until it is decided: a subscription over server-sent events."""
    try:
        for shown in events(FOLLOW, id=confirmation):
            if shown["confirmation"]["status"] != "PENDING":
                decision: dict[str, Any] = shown["confirmation"]
                return decision
    except httpx2.HTTPError as error:
        print(f"The stream broke ({type(error).__name__})", flush=True)
    return wait(confirmation)


def wait(confirmation: str) -> dict[str, Any]:
    """Ask until it is decided. Each request is answered at the decision, or after 30 seconds."""
    while True:
        try:
            decision: dict[str, Any] | None = execute(AWAIT, id=confirmation)["confirmation"]
        except httpx2.HTTPError as error:
            print(f"Asking again ({type(error).__name__})", flush=True)
            time.sleep(1)
            continue
        if decision is None:
            raise SystemExit("The question was deleted.")
        if decision["status"] != "PENDING":
            return decision


def events(document: str, **variables: Any) -> Iterator[dict[str, Any]]:
    """Give the data of each event of a subscription (https://github.com/enisdenjo/graphql-sse)."""
    body = {"query": document, "variables": variables}
    headers = {**HEADERS, "accept": "text/event-stream"}
    # a comment comes every 12 seconds, so a minute of silence means a broken connection
    with httpx2.stream("POST", URL, json=body, headers=headers, timeout=60) as response:
        response.raise_for_status()
        lines: list[str] = []
        for line in response.iter_lines():
            if line.startswith("data:"):
                lines.append(line.removeprefix("data:"))
            elif not line and (text := "\n".join(lines).strip()):
                lines = []
                yield read(json.loads(text))


def record(document: str, key: str, **values: Any) -> dict[str, Any]:
    """Run a mutation until it is answered: with its key, to send it twice does no harm."""
    for pause in (0.1, 0.5, 2, 5):
        try:
            answered = execute(document, input={**values, "idempotencyKey": key})
        except httpx2.HTTPError:
            time.sleep(pause)
        else:
            payload: dict[str, Any] = next(iter(answered.values()))
            return payload
    raise SystemExit(f"{URL} does not answer.")


def execute(document: str, **variables: Any) -> dict[str, Any]:
    """Run a query or a mutation. Raises an HTTPError where it may be tried again."""
    body = {"query": document, "variables": variables}
    response = httpx2.post(URL, json=body, headers=HEADERS, timeout=60)
    if response.status_code in {429, 502, 503, 504}:
        response.raise_for_status()
    return read(response.json())


def read(answer: dict[str, Any]) -> dict[str, Any]:
    """Give an answer's data, or end with what is wrong."""
    if errors := answer.get("errors"):
        raise SystemExit(errors[0]["message"])
    data: dict[str, Any] = answer["data"]
    return data


if __name__ == "__main__":
    main()
