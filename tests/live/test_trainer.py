"""`Trainer`: the newest state counts, requests in between are one, a check is made only when nothing changes."""

from __future__ import annotations

import threading

import pytest

from classify_local.live.trainer import Superseded, Trainer


class Work:
    """Trains as long as it is held; counts what was done."""

    def __init__(self) -> None:
        self.state, self.seen, self.checked, self.superseded = 0, [], [], 0
        self.inside, self.go, self.checking = threading.Event(), threading.Event(), threading.Event()
        self.go.set()

    def train(self, stopped) -> None:
        now = self.state
        self.inside.set()
        assert self.go.wait(10)
        try:
            stopped()
        except Superseded:
            self.superseded += 1
            raise
        self.seen.append(now)

    def check(self, stopped) -> None:
        stopped()
        self.checked.append(self.state)
        self.checking.set()


@pytest.fixture
def work():
    return Work()


@pytest.fixture
def trainer(work):
    made = Trainer(work.train, work.check, quiet=0.15)
    yield made
    work.go.set()
    made.close()
    assert not made._thread.is_alive()


def test_requests_during_a_training_are_one_and_the_newest_state_counts(work, trainer):
    work.go.clear()
    work.state = 1
    trainer.request()
    assert work.inside.wait(10)
    for state in range(2, 50):
        work.state = state
        trainer.request()
    assert not trainer.wait(0)
    work.go.set()
    assert trainer.wait(10)
    assert work.seen == [49]
    assert work.superseded == 1


def test_it_is_checked_when_quiet_and_once(work, trainer):
    for state in range(5):
        work.state = state
        trainer.request()
        assert trainer.wait(10)
    assert work.checked == []
    assert work.checking.wait(10)
    assert work.checked == [4]
    assert trainer.wait(0)


def test_a_request_ends_a_check(work, trainer):
    held, go = threading.Event(), threading.Event()
    ended = []

    def slow(stopped) -> None:
        held.set()
        go.wait(10)
        try:
            stopped()
        except Superseded:
            ended.append(True)
            raise

    trainer._check = slow
    trainer.request()
    assert held.wait(10)
    trainer.request()
    go.set()
    while len(work.seen) < 2:
        pass
    assert ended[:1] == [True]


def test_it_waits_no_longer_than_asked(work, trainer):
    work.go.clear()
    trainer.request()
    assert trainer.wait(0.01) is False
