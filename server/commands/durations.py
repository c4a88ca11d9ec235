"""Lengths of time on the command line: `90d`, `12h`, `30m`."""

import re
from datetime import timedelta

import typer

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST = timedelta(days=36_500)


def read_duration(given: str) -> timedelta:
    """Read a whole number and its unit. Raises typer's `BadParameter`."""
    found = re.fullmatch(r"([0-9]{1,9})([smhdw])", given)
    if found is None:
        raise typer.BadParameter("Give a whole number and s, m, h, d or w, such as 90d.")
    duration = timedelta(**{_UNITS[found[2]]: int(found[1])})
    if duration > _LONGEST:
        raise typer.BadParameter("Give at most a hundred years.")
    return duration


def write_duration(duration: timedelta) -> str:
    """Write a length of time of whole seconds as it is read, in the largest unit that fits."""
    seconds = round(duration.total_seconds())
    sizes = {unit: round(timedelta(**{name: 1}).total_seconds()) for unit, name in _UNITS.items()}
    unit = next(unit for unit in "dhms" if seconds % sizes[unit] == 0)
    return f"{seconds // sizes[unit]}{unit}"
