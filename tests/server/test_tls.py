"""The server speaks HTTPS with a certificate of the operator's."""

import re
import ssl
import subprocess
from pathlib import Path

import httpx2
import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from sqlalchemy.engine import URL

from tests.server_process import COMMAND, make_environment, serve

PASSWORD = "hidden password"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def environment(
    tmp_path_factory: pytest.TempPathFactory, database_url: URL, authority: trustme.CA
) -> dict[str, str]:
    """An environment with a certificate whose key has a password."""
    folder = tmp_path_factory.mktemp("tls")
    made = authority.issue_cert("127.0.0.1", "localhost")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(b"".join(each.bytes() for each in made.cert_chain_pems))
    plain = load_pem_private_key(made.private_key_pem.bytes(), None)
    encryption = BestAvailableEncryption(PASSWORD.encode())
    key.write_bytes(plain.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    url = database_url.set(drivername="postgresql").render_as_string(hide_password=False)
    return {
        **make_environment(folder),
        "DATABASE_URL": url,
        "SESSIONGRAPH_INSECURE": "true",
        "SESSIONGRAPH_TLS_CERTIFICATE_FILE": str(certificate),
        "SESSIONGRAPH_TLS_KEY_FILE": str(key),
        "SESSIONGRAPH_TLS_KEY_PASSWORD": PASSWORD,
    }


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_server_speaks_https_alone(
    environment: dict[str, str], authority: trustme.CA, workers: str
) -> None:
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with serve(environment, "--workers", workers) as (_, address):
        assert address.startswith("https://127.0.0.1:")
        query = {"query": "{ __typename }"}
        answer = httpx2.post(f"{address}/graphql", json=query, verify=trusting)
        assert answer.json() == {"data": {"__typename": "Query"}}
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        with pytest.raises(httpx2.ConnectError):
            httpx2.post(f"{address}/graphql", json=query)
        with pytest.raises(httpx2.HTTPError):
            httpx2.post(f"{address}/graphql".replace("https", "http"), json=query)


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"KEY_PASSWORD": "other"}, r"The certificate and its key do not fit, .+"),
        ({"KEY_PASSWORD": ""}, r"The certificate and its key do not fit, .+"),
        (
            {"KEY_FILE": "nowhere"},
            r"SESSIONGRAPH_TLS_KEY_FILE: nowhere: No such file or directory.",
        ),
        ({"CERTIFICATE_FILE": __file__}, r"The certificate and its key do not fit, .+"),
        ({"CERTIFICATE_FILE": ""}, r"SESSIONGRAPH_TLS_KEY_FILE needs .+"),
    ],
)
def test_a_certificate_that_cannot_be_used_is_one_line(
    environment: dict[str, str], wrong: dict[str, str], line: str
) -> None:
    changed = {f"SESSIONGRAPH_TLS_{name}": value for name, value in wrong.items()}
    refused = subprocess.run(
        [COMMAND, "serve", "--port", "0"],
        env=environment | changed,
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(environment["SESSIONGRAPH_DATA_DIRECTORY"]).parent,
        stdin=subprocess.DEVNULL,
    )
    assert refused.returncode == 1
    assert re.fullmatch(rf"sessiongraph: {line}\n", refused.stderr)
    assert PASSWORD not in refused.stderr
