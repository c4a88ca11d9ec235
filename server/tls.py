"""The certificate that the server speaks HTTPS with."""

import ssl
from typing import Any

from server.operator_error import OperatorError
from server.settings import Settings


def uvicorn_options(settings: Settings) -> dict[str, Any]:
    """Give uvicorn's options; none where the server speaks plain HTTP."""
    if settings.tls_certificate_file is None:
        return {}
    return {
        "ssl_certfile": settings.tls_certificate_file,
        "ssl_keyfile": settings.tls_key_file,
        "ssl_keyfile_password": _password(settings),
    }


def check_certificate(settings: Settings) -> None:
    """Raise `OperatorError`, naming the setting, where the certificate cannot be used."""
    certificate, key = settings.tls_certificate_file, settings.tls_key_file
    if certificate is None:
        if key is not None:
            raise OperatorError(
                "SESSIONGRAPH_TLS_KEY_FILE needs SESSIONGRAPH_TLS_CERTIFICATE_FILE."
            )
        return
    for name, file in (("CERTIFICATE", certificate), ("KEY", key)):
        try:
            if file is not None:
                file.read_bytes()
        except OSError as error:
            raise OperatorError(
                f"SESSIONGRAPH_TLS_{name}_FILE: {file}: {error.strerror}."
            ) from error
    try:
        # with an empty password, OpenSSL does not ask the terminal for one
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
            certificate, key, _password(settings) or ""
        )
    except ssl.SSLError as error:
        raise OperatorError(
            "The certificate and its key do not fit, are not PEM, or the key needs another "
            "SESSIONGRAPH_TLS_KEY_PASSWORD."
        ) from error


def _password(settings: Settings) -> str | None:
    given = settings.tls_key_password
    return None if given is None else given.get_secret_value()
