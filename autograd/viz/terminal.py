"""The stepper in a terminal."""
from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from autograd.viz.steps import Step

HELP = "Enter or n: next   b: back   12: to step 12   f: to the backward pass   NAME: to the next step of that name   q: stop"


def run(steps: Sequence[Step], names: Sequence[str], ask: Callable[[str], str], say: Callable[[str], object]) -> None:
    """Show one step after the other, as the answers say."""
    at = 0
    say(HELP)
    while True:
        say(shown(steps[at], at, len(steps)))
        try:
            answer = ask("> ").strip()
        except EOFError:
            return
        if answer in ("q", "quit"):
            return
        following = target(steps, names, at, answer)
        if following is None:
            say(f"no step {answer!r}. {HELP}")
        elif not 0 <= following < len(steps):
            say("that was the last step" if following > 0 else "this is the first step")
            if following > 0 and answer in ("", "n"):
                return
        else:
            at = following


def target(steps: Sequence[Step], names: Sequence[str], at: int, answer: str) -> int | None:
    """The step that an answer asks for; None if there is none."""
    if answer in ("", "n", "next"):
        return at + 1
    if answer in ("b", "back"):
        return at - 1
    if answer in ("f", "backward"):
        return next((i for i, step in enumerate(steps) if step.phase == "backward"), None)
    if answer.isdecimal():
        return int(answer) - 1 if 0 < int(answer) <= len(steps) else None
    later = [*range(at + 1, len(steps)), *range(at + 1)]
    return next((i for i in later if names[steps[i].node] == answer), None)


def shown(step: Step, at: int, count: int) -> str:
    """One step as text."""
    told = (("at ", step.site), ("", step.text), ("rule: ", step.formula))
    lines = [f"[{at + 1}/{count}] {step.phase}: {step.title}", *(f"  {what}{text}" for what, text in told if text)]
    for array in step.arrays:
        if array.value is None:
            lines.append(f"  {array.name}: {array.note or 'not kept'}")
            continue
        with np.printoptions(precision=4, threshold=40, edgeitems=3, suppress=True):
            text = np.array2string(np.asarray(array.value), prefix=" " * 4)
        lines.append(f"  {array.name} {tuple(np.shape(array.value))}\n    {text}")
    return "\n".join(lines)
