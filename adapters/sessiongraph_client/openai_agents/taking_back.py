"""What becomes of a message when the framework takes its item back."""

import logging
from typing import Any

from sessiongraph_client.client import SessiongraphClient
from sessiongraph_client.errors import SessiongraphError
from sessiongraph_client.openai_agents.item_reading import call_id_of
from sessiongraph_client.openai_agents.normalized import ITEM_KEYS

_logger = logging.getLogger(__name__)

_MESSAGE = """query SessiongraphAgentsMessage($session: ID!, $metadata: JSON!) {
  session(id: $session) {
    messages(last: 1, filter: {metadata: {contains: $metadata}}) { nodes { id metadata } }
  }
}"""
_DELETE_MESSAGE = """mutation SessiongraphAgentsDeleteMessage($input: DeleteMessageInput!) {
  deleteMessage(input: $input) { deletedMessageId }
}"""
_CANCEL = """mutation SessiongraphAgentsCancel($input: RecordToolCallResultInput!) {
  recordToolCallResult(input: $input) { toolCall { id } }
}"""


async def take_back(client: SessiongraphClient, session: str, key: str, item: Any) -> None:
    """Take back what was recorded of an item that is gone; the item is gone in any case.

    A message goes with the first of its items. Of a later one, which is a tool call, the call is
    CANCELLED. What cannot be taken back stays, and the log tells.
    """
    try:
        found = await client.query(_MESSAGE, session=session, metadata={ITEM_KEYS: [key]})
        messages = found["session"]["messages"]["nodes"] if found["session"] else []
        if messages and messages[0]["metadata"][ITEM_KEYS][0] == key:
            await client.mutate(_DELETE_MESSAGE, message=messages[0]["id"])
        elif messages and (call_id := call_id_of(item)):
            await client.mutate(_CANCEL, session=session, toolCall=call_id, status="CANCELLED")
    except SessiongraphError as error:
        _logger.warning("The message of an item that was popped stays: %s", error)
