"""What agents ask, and a person who decides.

python reviewer.py                      goes through the open questions, one by one
python reviewer.py list                 shows them
python reviewer.py approve ID
python reviewer.py deny ID --reason "Too much"
"""

import argparse
import getpass
import json
import os
from typing import Any

import httpx2

URL = os.environ.get("SESSIONGRAPH_URL", "http://127.0.0.1:8000/graphql")
KEY = os.environ.get("SESSIONGRAPH_KEY")  # none is needed on the server's own machine
HEADERS = {"authorization": f"Bearer {KEY}"} if KEY else {}

PENDING = """query ($after: String) {
  confirmations(
    first: 50, after: $after, filter: {status: {eq: PENDING}}
    orderBy: {field: CREATED_AT, direction: ASC}
  ) {
    nodes { id toolName arguments userMessage expiresAt session { sessionId title } }
    pageInfo { hasNextPage endCursor }
  }
}"""
DECIDE = """mutation ($input: DecideConfirmationInput!) {
  decideConfirmation(input: $input) { confirmation { status toolCall { status } } }
}"""


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description="Decides what agents ask.")
    parser.add_argument("action", nargs="?", choices=["list", "approve", "deny"])
    parser.add_argument("id", nargs="?", help="of the question to approve or deny")
    parser.add_argument("--reason", help="why")
    given = parser.parse_args()

    if given.action == "list":
        for question in pending():
            show(question)
    elif given.action is None:
        review()
    elif given.id is None:
        parser.error("which one? `list` shows their ids")
    else:
        decide(given.id, given.action, given.reason)


def review() -> None:
    """Ask the person about each open question."""
    for question in pending():
        show(question)
        answer = input("[a]pprove, [d]eny or [s]kip? ").strip().lower()[:1]
        if answer in {"a", "d"}:
            reason = input("Why? ").strip() or None
            decide(question["id"], "approve" if answer == "a" else "deny", reason)


def show(question: dict[str, Any]) -> None:
    """Print a question."""
    session, until = question["session"], question["expiresAt"] or "somebody decides"
    print(f"{question['id']}  {question['userMessage'] or 'May this run?'}")
    print(f"  {question['toolName']}({json.dumps(question['arguments'])})")
    print(f"  in {session['sessionId']} ({session['title']}), until {until}")


def decide(confirmation: str, action: str, reason: str | None) -> None:
    """Decide. If somebody was quicker, or the time has run out, that stands."""
    decision = {
        "confirmation": confirmation,
        "decision": {"approve": "APPROVED", "deny": "DENIED"}[action],
        "reason": reason,
        "decidedBy": getpass.getuser(),
        "deciderType": "USER",
    }
    answer = execute(DECIDE, input=decision)
    for error in answer.get("errors", ()):
        status = error["extensions"].get("currentStatus")
        raise SystemExit(f"{error['message']} It is {status}." if status else error["message"])
    decided = answer["data"]["decideConfirmation"]["confirmation"]
    print(f"{decided['status']}: {confirmation}")


def pending() -> list[dict[str, Any]]:
    """Give the open questions, the oldest first."""
    questions: list[dict[str, Any]] = []
    after = None
    while True:
        answer = execute(PENDING, after=after)
        if "errors" in answer:
            raise SystemExit(answer["errors"][0]["message"])
        page = answer["data"]["confirmations"]
        questions += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return questions


def execute(document: str, **variables: Any) -> dict[str, Any]:
    """Run a query or a mutation, and give its answer."""
    body = {"query": document, "variables": variables}
    answer: dict[str, Any] = httpx2.post(URL, json=body, headers=HEADERS, timeout=30).json()
    return answer


if __name__ == "__main__":
    main()
