"""Run a recipe in forked children that are killed at named steps and at random, then once to the end.

Called as a script: `kill_driver.py RECIPE SEED RANDOM_KILLS`. Prints one line for each attempt. The
libraries are imported once, before forking, so that an attempt costs what the run costs.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

from classify_local import api
from classify_local.storage import atomic

STEPS = {
    "model stored": 1, "plan stored": 1, "before write": 3, "written": 2, "checked": 4, "before rename": 5,
    "renamed": 6, "folder synced": 8, "journaled": 2, "before VRTs": 1, "between VRTs": 1, "after VRTs": 1,
}  # fmt: skip
"""At which occurrence of each step the child is killed."""


def kill_at(step: str, occurrence: int) -> None:
    """Let this process kill itself when it reaches a step for the n-th time."""
    left = [occurrence]

    def reached(name: str) -> None:
        if name == step:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    atomic.reached = reached


def attempt(recipe: Path, prepare=lambda: None, kill_after: float | None = None) -> str:
    """One run in a child; how it ended."""
    child = os.fork()
    if child == 0:
        prepare()
        try:
            api.run(recipe, workers=2)
        except BaseException as error:
            print(f"child: {error!r}", flush=True)
            os._exit(1)
        os._exit(0)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return "killed" if os.WIFSIGNALED(status) else f"exit {os.WEXITSTATUS(status)}"


def main() -> None:
    recipe, seed, random_kills = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    for step, occurrence in STEPS.items():
        ended = attempt(recipe, lambda step=step, occurrence=occurrence: kill_at(step, occurrence))
        print(f"{step}: {ended}", flush=True)
    chance = random.Random(seed)
    for _ in range(random_kills):
        out = recipe.parent / "downloads"
        for journal in out.glob("*/.run/journal/*.jsonl") if chance.random() < 0.5 else ():
            journal.unlink()  # forget what is done, so that there is something to kill
        print(f"random: {attempt(recipe, kill_after=chance.uniform(0.01, 0.6))}", flush=True)
    print(f"last: {attempt(recipe)}", flush=True)


if __name__ == "__main__":
    main()
