"""Run one command again and again, stopped at its first, second, third ... write, and look.

Stopped is killed, out of disk, or halted for as long as another process tries the same.

Started with the shim of `crash_shim.c` preloaded: it counts every write, sync, rename, unlink and
mkdir of the process, those of SQLite included, and stops at the one it is told to.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import sys
from datetime import date
from pathlib import Path

from quantpits.errors import QuantPitsError, WorkspaceLockedError
from quantpits.post_trade import correct, step
from quantpits.post_trade.check import check_ledger
from quantpits.post_trade.ledger import load_journal
from quantpits.post_trade.request import CorrectRequest, PostTradeRequest
from quantpits.workspace import Workspace

DAY = date(2026, 1, 6)
DONE, NEXT, REFUSED, LOCKED = 0, 1, 10, 11
MODES = {"kill": 0, "full": 1, "short": 2, "halt": 3}


def command(name: str, root: Path) -> None:
    workspace = Workspace(root)
    if name == "correct":
        correct.run(workspace, CorrectRequest(day=date(2026, 1, 5), reason="why"))
    else:
        step.run(workspace, PostTradeRequest(end_date=DAY))


def finish(name: str, root: Path) -> None:
    """Do what the user is told to do after an interruption."""
    step.run(Workspace(root), PostTradeRequest(end_date=DAY)) if name == "post" else None
    if name == "correct":
        journal = load_journal(Workspace(root).ledger_path)
        if journal.unfinished:
            step.run(Workspace(root), PostTradeRequest(end_date=DAY))
        command(name, root)


def shown(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
        and not any(part in str(path) for part in ("/history/", "manifests", "ledger.db", "/.lock"))
        and not path.name.startswith(".")
    }


def started(shim, name: str, root: Path, *, at: int, mode: int) -> int:
    child = os.fork()
    if child == 0:
        try:
            shim.crash_arm(ctypes.c_long(at), mode)
            command(name, root)
            shim.crash_arm(ctypes.c_long(-1), 0)
            os._exit(DONE)
        except WorkspaceLockedError:
            os._exit(LOCKED)
        except QuantPitsError:
            os._exit(REFUSED)
        except BaseException as error:  # noqa: BLE001 - reported by its exit code
            shim.crash_arm(ctypes.c_long(-1), 0)
            sys.stderr.write(f"{at}: {error!r}\n")
            os._exit(99)
    return child


def exit_code(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def stopped(shim, name: str, root: Path, *, at: int, mode: int) -> int:
    return exit_code(started(shim, name, root, at=at, mode=mode))


def halted(shim, name: str, root: Path, *, at: int, whole: tuple) -> tuple[int, list[str]]:
    """Halt the command at a write; let another process read the books and try the same."""
    child = started(shim, name, root, at=at, mode=MODES["halt"])
    status = os.waitpid(child, os.WUNTRACED)[1]
    if not os.WIFSTOPPED(status):
        return os.waitstatus_to_exitcode(status), []
    wrong = []
    try:
        seen = load_journal(root / "data" / "ledger.db").transactions
        if seen != whole[: len(seen)]:
            wrong.append("a reader saw other books")
    except QuantPitsError as error:  # SQLite itself is between two of its writes
        if "another command is writing to it" not in str(error):
            wrong.append(f"a reader was refused: {error}")
    second = exit_code(started(shim, name, root, at=-1, mode=0))
    os.kill(child, signal.SIGCONT)
    first = exit_code(child)
    # Before the first has the lock, the second may take it; then the first is turned away.
    if (first, second) not in ((DONE, LOCKED), (LOCKED, DONE), (DONE, DONE)):
        wrong.append(f"exit codes {first} and {second}")
    return NEXT, wrong


def main() -> None:
    library, name, mode, template, scratch, stride = sys.argv[1:]
    shim = ctypes.CDLL(library)
    root, whole = Path(scratch) / "Account", Path(scratch) / "Whole"
    before = load_journal(Path(template) / "data" / "ledger.db").transactions
    shutil.copytree(template, whole)
    command(name, whole)
    right = shown(whole)
    after = load_journal(whole / "data" / "ledger.db").transactions
    problems = []
    at, n_points = 1 - int(stride), 0
    while True:
        at += int(stride)
        n_points += 1
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(template, root)
        if mode == "halt":
            code, wrong = halted(shim, name, root, at=at, whole=after)
            problems += [[at, each] for each in wrong]
        else:
            code = stopped(shim, name, root, at=at, mode=MODES[mode])
        journal = load_journal(root / "data" / "ledger.db").transactions
        if journal != after[: len(journal)] or len(journal) < len(before):
            problems.append([at, "neither the old books nor the new ones"])
        if code not in (DONE, NEXT, -signal.SIGKILL if mode != "full" else REFUSED):
            problems.append([at, f"exit code {code}"])
        finish(name, root)
        if shown(root) != right:
            wrong = {k for k in right if shown(root).get(k) != right[k]} | set(shown(root)) - set(
                right
            )
            problems.append([at, f"other files after the restart: {sorted(wrong)}"])
        if load_journal(root / "data" / "ledger.db").transactions != after:
            problems.append([at, "other books after the restart"])
        if check_ledger(Workspace(root)):
            problems.append([at, str(check_ledger(Workspace(root)))])
        if code == DONE:
            break
    sys.stdout.write(json.dumps({"points": n_points - 1, "problems": problems[:20]}) + "\n")


main()
