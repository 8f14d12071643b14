"""A workspace on disk: where things lie, and how they are written safely.

What the room is for: finding the active workspace, naming its files, reading its configuration, and
writing anything at all - atomically, under one lock, with backups and manifests. Import from here
`open_workspace` and `Workspace`, the modules `atomic` and `history`, `writer_lock`,
`write_manifest`, and `Progress`. Never here: what the content of a result file means (its step
knows), money, or a change of the working directory.
"""

from quantpits.workspace import atomic, history
from quantpits.workspace.atomic import (
    recover_tree,
    sha256_bytes,
    sha256_file,
    write_bytes,
    write_csv,
    write_json,
    write_text,
    write_tree,
)
from quantpits.workspace.history import backup
from quantpits.workspace.lock import writer_lock
from quantpits.workspace.manifest import Manifest, read_manifest, to_jsonable, write_manifest
from quantpits.workspace.paths import Workspace, open_workspace
from quantpits.workspace.progress import SILENT, Advance, Progress
from quantpits.workspace.scaffold import InitReport, demo_template, init_workspace

__all__ = [
    "SILENT",
    "Advance",
    "InitReport",
    "Manifest",
    "Progress",
    "Workspace",
    "atomic",
    "backup",
    "demo_template",
    "history",
    "init_workspace",
    "open_workspace",
    "read_manifest",
    "recover_tree",
    "sha256_bytes",
    "sha256_file",
    "to_jsonable",
    "write_bytes",
    "write_csv",
    "write_json",
    "write_manifest",
    "write_text",
    "write_tree",
    "writer_lock",
]
