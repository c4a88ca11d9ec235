"""The keys that an issuer signs with: when they are fetched, kept and given up."""

import asyncio

import orjson
import pytest

from resolvers.errors import Unauthenticated, Unavailable
from server.authentication.authenticator import Authenticator
from tests.server.authentication.conftest import Clock
from tests.server.authentication.issuer import Issuer, make_key


async def test_a_new_key_is_fetched_and_made_up_ones_only_now_and_then(
    tokens: Authenticator, issuer: Issuer, clock: Clock
) -> None:
    await tokens.caller(f"Bearer {issuer.sign()}")
    issuer.keys = [make_key("second")]
    made_up = [f"Bearer {issuer.sign(header={'kid': f'made-up-{n}'})}" for n in range(20)]
    for each in made_up:
        with pytest.raises(Unauthenticated):
            await tokens.caller(each)
    assert issuer.asked.count("/keys") == 1
    clock.now += 11
    await tokens.caller(f"Bearer {issuer.sign()}")
    assert issuer.asked.count("/keys") == 2
    clock.now += 11
    refused = await asyncio.gather(*map(tokens.caller, made_up), return_exceptions=True)
    assert {type(each) for each in refused} == {Unauthenticated}
    assert issuer.asked.count("/keys") == 3


async def test_a_withdrawn_key_signs_nothing_more(
    tokens: Authenticator, issuer: Issuer, clock: Clock
) -> None:
    withdrawn = issuer.keys[0]
    await tokens.caller(f"Bearer {issuer.sign()}")
    issuer.keys = [make_key("second")]
    clock.now += 601
    with pytest.raises(Unauthenticated):
        await tokens.caller(f"Bearer {issuer.sign(withdrawn, sub='another')}")


async def test_one_key_needs_no_id(tokens: Authenticator, issuer: Issuer, clock: Clock) -> None:
    token = issuer.sign(header={"kid": None})
    assert (await tokens.caller(f"Bearer {token}")).project_id == 1
    issuer.keys.append(make_key("second"))
    clock.now += 601
    with pytest.raises(Unauthenticated):
        await tokens.caller(f"Bearer {issuer.sign(header={'kid': None}, sub='another')}")


async def test_an_issuer_that_is_away(tokens: Authenticator, issuer: Issuer, clock: Clock) -> None:
    await issuer.stop()
    with pytest.raises(Unavailable):
        await tokens.caller(f"Bearer {issuer.sign()}")
    await issuer.start()
    clock.now += 11
    await tokens.caller(f"Bearer {issuer.sign()}")
    await issuer.stop()
    # the keys from before serve for a day
    clock.now += 3_600
    await tokens.caller(f"Bearer {issuer.sign(sub='another')}")
    with pytest.raises(Unavailable):
        await tokens.caller(f"Bearer {issuer.sign(make_key('new'))}")
    clock.now += 86_400
    with pytest.raises(Unavailable):
        await tokens.caller(f"Bearer {issuer.sign(sub='third')}")


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/.well-known/openid-configuration", b"nonsense"),
        ("/.well-known/openid-configuration", b"[]"),
        ("/.well-known/openid-configuration", b'{"issuer": "https://another.example"}'),
        ("/keys", b"{}"),
        ("/keys", b'{"keys": []}'),
        ("/keys", b'{"keys": [1, {}, {"kty": "oct", "k": "AAAA"}, {"kty": "RSA", "n": 1}]}'),
        ("/keys", orjson.dumps({"keys": [{}] * 101})),
        ("/keys", b" " * 300_000),
    ],
)
async def test_an_issuer_that_answers_nonsense(
    tokens: Authenticator, issuer: Issuer, path: str, answer: bytes
) -> None:
    issuer.answers[path] = answer
    with pytest.raises(Unavailable):
        await tokens.caller(f"Bearer {issuer.sign()}")


async def test_keys_are_only_fetched_where_nobody_comes_between(
    tokens: Authenticator, issuer: Issuer
) -> None:
    document = {"issuer": issuer.url, "jwks_uri": "http://keys.example/keys"}
    issuer.answers["/.well-known/openid-configuration"] = orjson.dumps(document)
    with pytest.raises(Unavailable):
        await tokens.caller(f"Bearer {issuer.sign()}")
    assert "/keys" not in issuer.asked
