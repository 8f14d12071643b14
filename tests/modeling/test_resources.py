"""Peak memory."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from quantpits.modeling.resources import PeakMemory

MIB = 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's mark is Linux's")
def test_the_peak_is_that_of_the_work_and_not_of_what_was_before():
    block = np.ones(160 * MIB, np.uint8)
    before = PeakMemory()
    high = before.mib()
    del block
    after = PeakMemory()
    assert high - after.mib() > 100
    block = np.ones(160 * MIB, np.uint8)
    assert after.mib() >= high - 20
    assert 160 * MIB == block.size


@pytest.mark.parametrize(("platform", "divisor"), [("linux", 1024), ("darwin", 1024**2)])
def test_elsewhere_it_is_that_of_the_whole_process(tmp_path, monkeypatch, platform, divisor):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr("resource.getrusage", lambda _who: type("U", (), {"ru_maxrss": 2**23}))
    assert 2**23 // divisor == PeakMemory(tmp_path / "no_proc").mib()


def test_a_status_without_the_mark_falls_back(tmp_path):
    (tmp_path / "status").write_text("Name: python\n")
    assert PeakMemory(tmp_path).mib() > 0
