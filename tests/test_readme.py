"""What the README promises."""

import re
from pathlib import Path

from server.settings import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
RELIABILITY = (ROOT / "docs" / "guides" / "reliability.md").read_text()


def test_every_setting_stands_in_a_table_with_its_default() -> None:
    # limits and timeouts stand in the guide, whose test reads their defaults
    in_guide = set(re.findall(r"^\| `SESSIONGRAPH_([A-Z_]+)` \|", RELIABILITY, re.MULTILINE))
    documented = set(re.findall(r"`(?:SESSIONGRAPH_)?([A-Z_]+)`", README))
    for name, field in Settings.model_fields.items():
        assert name.upper() in documented | in_guide, name
        if isinstance(field.default, int) and not isinstance(field.default, bool):
            assert name.upper() in in_guide or f"`{field.default}`" in README, name
