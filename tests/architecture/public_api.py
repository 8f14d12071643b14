"""Print the public names of every room, one per line, without importing anything.

Run it from anywhere to renew the list after a change that is meant::

    python tests/architecture/public_api.py > docs/public_api.txt
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "quantpits"


def declared_names(module: Path) -> list[str]:
    """Return the literal `__all__` of a module; an empty list where there is none."""
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            return list(ast.literal_eval(node.value))
    return []


def public_names(package: Path = PACKAGE) -> list[str]:
    """Return ``quantpits.<room>.<name>`` for every room's `__all__`, sorted."""
    homes = {path.parent.name: path for path in package.glob("*/__init__.py")}
    homes["errors"] = package / "errors.py"
    return sorted(
        f"{package.name}.{room}.{name}"
        for room, module in homes.items()
        for name in declared_names(module)
    )


if __name__ == "__main__":
    sys.stdout.write("\n".join(public_names()) + "\n")
