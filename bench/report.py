"""Puts what a load test printed into a document, between two markers of its own."""

import re
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
_README = FOLDER / "README.md"


def put_into_readme(name: str, content: str) -> None:
    """Put what was printed into bench/README.md, as `put_into` does."""
    put_into(_README, name, content)


def put_into(document: Path, name: str, content: str) -> None:
    """Replace what stands between `<!-- name -->` and `<!-- /name -->`, under today's command.

    Raises `ValueError` where the document has no such markers.
    """
    module = Path(sys.argv[0]).stem
    command = " ".join(["python -m", f"bench.{module}", *sys.argv[1:]])
    before, after = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    pattern = re.compile(f"{before}.*?{after}", re.DOTALL)
    text = f"{before}`{command}` printed:\n\n{content}\n\n{after}"
    written, count = pattern.subn(lambda _: text, document.read_text())
    if count != 1:
        raise ValueError(f"{document.name} has no markers {before!r} and {after!r}.")
    document.write_text(written)
