import io
import logging
import subprocess
import sys
from collections.abc import Iterator

import orjson
import pytest
import structlog

from server.settings import Settings
from server.structured_logs import configure_logs, request_id


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    made = io.StringIO()
    configure_logs(Settings(), made)
    yield made
    configure_logs(Settings())
    root.handlers, root.level = handlers, level


def test_our_own_lines_and_those_of_libraries_are_json(stream: io.StringIO) -> None:
    token = request_id.set("r1")
    structlog.get_logger().info("request", status=200)
    logging.getLogger("library").warning("careful: %s", "x")
    request_id.reset(token)
    structlog.get_logger().debug("not at this level")
    logging.getLogger("library").info("nor this")
    ours, theirs = map(orjson.loads, stream.getvalue().splitlines())
    assert ours.pop("timestamp").endswith("Z")
    assert ours == {"event": "request", "level": "info", "status": 200, "request_id": "r1"}
    assert theirs["event"] == "careful: x"
    assert theirs["level"] == "warning"
    assert theirs["logger"] == "library"
    assert theirs["request_id"] == "r1"


def test_a_traceback_stays_in_its_line(stream: io.StringIO) -> None:
    structlog.get_logger().error("internal error", exc_info=ZeroDivisionError("why"))
    (line,) = stream.getvalue().splitlines()
    assert "ZeroDivisionError: why" in orjson.loads(line)["exception"]


def test_a_warning_of_python_is_a_line_too() -> None:
    program = (
        "import warnings; from server.settings import Settings;"
        "from server.structured_logs import configure_logs; configure_logs(Settings());"
        "warnings.warn('old')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    line = orjson.loads(done.stderr)
    assert line["logger"] == "py.warnings"
    assert "UserWarning: old" in line["event"]
