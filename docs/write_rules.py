"""Writes the parts of the documentation that come out of the rules: the policy format as a schema, the statuses."""

import json
from pathlib import Path

from scheduling.policy_schema import policy_schema
from scheduling.status import mermaid

HERE = Path(__file__).parent

STATES = """# The statuses of a consult

Drawn from the one table of transitions in `scheduling/status.py` by `python -m docs.write_rules`. Events that leave a
status as it is are not drawn. A consult is written at once into the status in which it waits.

```mermaid
{diagram}```
"""


def written() -> dict[Path, str]:
    """Return each file with what it should hold."""
    schema = json.dumps(policy_schema(), indent=2, ensure_ascii=False) + "\n"
    return {HERE / "policy.schema.json": schema, HERE / "states.md": STATES.format(diagram=mermaid())}


if __name__ == "__main__":
    for path, text in written().items():
        path.write_text(text, encoding="utf-8")
