"""What models print, from wherever they print it, is kept and never reaches the terminal."""

from __future__ import annotations

import ctypes
import logging
import os
import subprocess
import sys
import warnings

import pytest

from quantpits.modeling import printed
from quantpits.modeling.printed import captured_output


def test_output_of_every_origin_is_captured_and_the_terminal_stays_clean(capfd):
    library = ctypes.CDLL(None)
    print("before")  # noqa: T201
    with captured_output() as kept:
        print("[20] train's l2: 0.9")  # noqa: T201
        library.puts(b"[LightGBM] [Info] from C")
        library.fflush(None)
        os.write(1, b"raw\n")
        subprocess.run([sys.executable, "-c", "print('child')"], check=True)
        warnings.warn("noise", stacklevel=1)
        logging.getLogger("noisy").warning("noise")
        library.puts(b"still held by C")
    print("after")  # noqa: T201
    lines = "[20] train's l2: 0.9\n[LightGBM] [Info] from C\nraw\nchild\nstill held by C\n"
    assert lines == kept.getvalue()
    assert ("before\nafter\n", "") == capfd.readouterr()


def test_captures_lie_inside_one_another():
    with captured_output() as outer:
        print("a")  # noqa: T201
        with captured_output() as inner:
            print("b")  # noqa: T201
        print("c")  # noqa: T201
    assert ("a\nc\n", "b\n") == (outer.getvalue(), inner.getvalue())


def test_of_very_much_the_beginning_and_the_end_are_kept(monkeypatch):
    monkeypatch.setattr(printed, "_MOST_BYTES", 10)
    with captured_output() as kept:
        os.write(1, b"0123456789" + b"x" * 500 + b"abcdefghij")
    assert "0123456789\n... 500 bytes are left out ...\nabcdefghij" == kept.getvalue()
    with captured_output() as kept:
        os.write(1, b"0123456789abcdefghij")
    assert "0123456789abcdefghij" == kept.getvalue()


def test_what_is_not_text_is_kept_readably():
    with captured_output() as kept:
        os.write(1, b"caf\xe9")
        print("\udce9")  # noqa: T201
    assert "caf\\xe9\\udce9\n" == kept.getvalue()


def test_everything_is_as_it_was_after_an_error(capfd):
    before = logging.root.manager.disable, sys.stdout
    with pytest.raises(ZeroDivisionError), captured_output() as kept:
        print("until here", 1 / 0)  # noqa: T201
    print("seen")  # noqa: T201
    assert (before, "") == ((logging.root.manager.disable, sys.stdout), kept.getvalue())
    assert "seen\n" == capfd.readouterr().out


def test_a_program_without_standard_output_captures_too():
    script = """
import os, sys
os.close(1)
from quantpits.modeling.printed import captured_output
with captured_output() as kept:
    print("kept")
sys.stderr.write(kept.getvalue())
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert "kept" == done.stderr.splitlines()[0]
