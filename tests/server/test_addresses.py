"""What is told of addresses."""

import pytest

from server.addresses import write_url


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("localhost", "http://localhost:8000"),
        ("::1", "http://[::1]:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104  no browser opens it
        ("::", "http://[::1]:8000"),
    ],
)
def test_a_browser_of_this_machine_can_open_what_is_told(host: str, url: str) -> None:
    assert write_url(host, 8000, speaks_tls=False) == url
    assert write_url(host, 8000, speaks_tls=True) == url.replace("http:", "https:")
