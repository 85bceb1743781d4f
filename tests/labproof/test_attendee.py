"""An attendee's terminal is as a terminal is, however the tests were started."""

import signal

import pexpect
import pytest

from labproof.attendee import attendee_in


@pytest.fixture
def under_nohup():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGHUP, before)


def test_what_runs_on_a_terminal_hangs_up_with_it_also_when_the_run_does_not(under_nohup, tmp_path):
    (tmp_path / "course" / "labs").mkdir(parents=True)
    (tmp_path / "course" / "data").mkdir()
    with attendee_in(tmp_path / "course", tmp_path / "home") as attendee:
        terminal = attendee.spawn("sh -c 'kill -HUP $$; echo still there'")
        terminal.expect(pexpect.EOF)
        assert terminal.before == ""
