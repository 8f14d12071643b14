"""Ctrl+C, once and twice."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from quantpits.search.interrupt import listening_for_stop


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_asks_and_the_second_aborts(number):
    before = signal.getsignal(number)
    said = []

    def press_twice():
        with listening_for_stop(said.append) as stop:
            assert not stop.is_set
            os.kill(os.getpid(), number)
            assert stop.is_set
            os.kill(os.getpid(), number)

    with pytest.raises(KeyboardInterrupt):
        press_twice()
    assert ["Stopping after this batch; once more to stop at once."] == said
    assert before is signal.getsignal(number)


def test_a_thread_cannot_listen_and_nothing_changes():
    found = []

    def work():
        with listening_for_stop(print) as stop:
            found.append(stop.is_set)

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert [False] == found
    assert before is signal.getsignal(signal.SIGINT)
