"""Random numbers that a seed repeats."""

import os
from random import Random, SystemRandom

from tests.chaos.report import tell

_SEED_VARIABLE = "SESSIONGRAPH_TEST_SEED"


def draw_random() -> Random:
    """Begin with the seed of the environment, or with a new one; print which."""
    given = os.environ.get(_SEED_VARIABLE)
    seed = SystemRandom().randrange(1_000_000) if given is None else int(given)
    tell(f"{_SEED_VARIABLE}={seed}")
    return Random(seed)  # noqa: S311  repeats the run


def split(random: Random) -> Random:
    """Give a client numbers of its own, whatever the others draw."""
    return Random(random.random())  # noqa: S311  repeats the run
