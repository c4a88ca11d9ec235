"""Lines of files, compressed or not, and of the standard input."""

import gzip
import io
import sys
from pathlib import Path

import pytest

from exchange import json_lines
from exchange.json_lines import STANDARD_INPUT, UnreadableFileError, read_lines

TEXT = b'{"a": 1}\n\n  \n{"b": "' + b"x" * 50 + b'"}\n{"c": 1}'


@pytest.fixture(autouse=True)
def _short_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "MAXIMUM_LINE_BYTES", 20)


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz"])
def test_blank_lines_are_passed_over_and_long_ones_have_no_text(
    tmp_path: Path, suffix: str
) -> None:
    file = tmp_path / f"lines{suffix}"
    file.write_bytes(gzip.compress(TEXT) if suffix.endswith("gz") else TEXT)
    lines = list(read_lines(file))
    assert [(line.number, line.text) for line in lines] == [
        (1, b'{"a": 1}\n'),
        (4, None),
        (5, b'{"c": 1}'),
    ]
    assert lines[-1].end == file.stat().st_size


def test_the_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT)))
    lines = list(read_lines(STANDARD_INPUT))
    assert [line.number for line in lines] == [1, 4, 5]
    assert lines[-1].end == len(TEXT)


@pytest.mark.parametrize("damage", ["cut", "changed", "other"])
def test_a_damaged_file_is_told(tmp_path: Path, damage: str) -> None:
    packed = bytearray(gzip.compress(TEXT * 500))
    if damage == "cut":
        del packed[-20:]
    elif damage == "changed":
        packed[30] ^= 255
    file = tmp_path / "lines.gz"
    file.write_bytes(TEXT if damage == "other" else packed)
    with pytest.raises(UnreadableFileError, match="compressed stream is damaged"):
        list(read_lines(file))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="No such file"):
        list(read_lines(tmp_path / "nothing"))
