"""The listener that shows nothing."""

from quantpits.workspace.progress import SILENT


def test_silent_takes_everything_and_shows_nothing(capsys):
    with SILENT.stage("Training", total=2) as advance:
        advance()
        advance(n=1, note="gru")
    with SILENT.stage("Reading") as advance:
        advance(3)
    assert ("", "") == capsys.readouterr()
