"""gql: follows a session over a WebSocket, and goes on where it was when it is cut off."""

import asyncio
import json
import sys

from gql import Client, GraphQLRequest
from gql.transport.exceptions import TransportClosed, TransportConnectionFailed
from gql.transport.websockets import WebsocketsTransport

_RETRY_SECONDS = 0.1


async def main() -> None:
    """Print each event as a line, until the subscription is complete."""
    task = json.loads(sys.argv[1])
    variables = task["variables"]
    while True:
        transport = WebsocketsTransport(url=task["url"].replace("http", "ws", 1))
        request = GraphQLRequest(task["query"], variable_values=variables)
        try:
            async with Client(transport=transport) as client:
                async for answer in client.subscribe(request):
                    variables["after"] = answer["sessionEvents"]["sequence"]
                    sys.stdout.write(json.dumps(answer) + "\n")
                    sys.stdout.flush()
        except (TransportConnectionFailed, TransportClosed):
            await asyncio.sleep(_RETRY_SECONDS)
        else:
            return


if __name__ == "__main__":
    asyncio.run(main())
