"""L-BFGS: steps along the curvature that the last gradients have shown."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd as ag
from autograd import writes
from autograd.errors import ArgumentError
from nn.optim.optimizer import Optimizer, Params, recorded_step

__all__ = ["LBFGS"]


class LBFGS(Optimizer):
    """A quasi-Newton method for whole batches: ``step(closure)`` computes loss and gradients as often as it needs.

    lr                of each iteration, before a line search
    max_iter          iterations per step; max_eval: calls of the closure per step, 1.25 max_iter unless given
    tolerance_grad    it ends when the largest gradient is below; tolerance_change: or when loss and parameters no longer move
    history_size      how many pairs of steps and changes of the gradient are kept
    line_search_fn    None, or "strong_wolfe"

    Nocedal and Wright, "Numerical optimization", 2006, algorithms 7.4, 7.5, 3.5 and 3.6.
    """

    def __init__(
        self, params: Params, lr: float = 1, max_iter: int = 20, max_eval: int | None = None, tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9, history_size: int = 100, line_search_fn: str | None = None,
    ) -> None:  # fmt: skip
        options = {
            "lr": lr, "max_iter": max_iter, "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change, "history_size": history_size,
            "line_search_fn": line_search_fn,
        }  # fmt: skip
        super().__init__(params, options)
        if len(self.param_groups) != 1:
            given = f"{len(self.param_groups)}"
            raise self._error(ArgumentError, "one group of parameters is required", given, "give all the same options")
        if line_search_fn not in (None, "strong_wolfe"):
            raise self._error(ArgumentError, 'line_search_fn None or "strong_wolfe" is required', repr(line_search_fn))
        self._params = self.param_groups[0]["params"]

    # ── all parameters as one vector ──

    def _gradient(self) -> Any:
        return np.concatenate([(np.zeros(p.numel(), p.dtype) if p.grad is None else p.grad.numpy()).ravel() for p in self._params])

    def _values(self) -> list[Any]:
        return [p.detach().numpy().copy() for p in self._params]

    def _move(self, start: list[Any], distance: float, direction: Any) -> None:
        """Put the parameters at start + distance * direction."""
        offset = 0
        for p, x in zip(self._params, start, strict=True):
            array = p.detach().numpy()
            array[...] = x + distance * direction[offset : offset + x.size].reshape(x.shape)
            offset += x.size
            writes.record(array)

    # ── the step ──

    @recorded_step
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """At most max_iter iterations; returns the loss before the first. The closure clears gradients and calls backward()."""
        if closure is None:
            raise self._error(ArgumentError, "a closure that computes the loss is required", "none", "call step(closure)")
        group, state = self.param_groups[0], self.state[self._params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)

        def evaluated() -> float:
            state["func_evals"] += 1
            with ag.enable_grad():
                return float(closure())

        with ag.enable_grad():
            first = closure()
        loss, calls = float(first), 1
        state["func_evals"] += 1
        g = self._gradient()
        if np.abs(g).max(initial=0) <= group["tolerance_grad"]:
            return first
        d: Any = state.get("d")
        t: float = state.get("t", 0.0)
        pairs, scale = state.get("pairs", []), state.get("H_diag", 1.0)
        before, loss_before = state.get("prev_flat_grad"), state.get("prev_loss", loss)
        for iteration in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            if state["n_iter"] == 1:
                d, pairs, scale = -g, [], 1.0
            else:
                y, s = g - before, d * t
                curvature = float(y @ s)
                if curvature > 1e-10:
                    pairs = [*pairs, (y, s, 1 / curvature)][-group["history_size"] :]
                    scale = curvature / float(y @ y)
                d = self._direction(g, pairs, scale)
            before, loss_before = g.copy(), loss
            t = min(1.0, 1.0 / float(np.abs(g).sum())) * group["lr"] if state["n_iter"] == 1 else group["lr"]
            slope = float(g @ d)
            if slope > -group["tolerance_change"]:
                break
            tries = 1
            if group["line_search_fn"]:
                start = self._values()

                def at(distance: float, start: list[Any] = start, d: Any = d) -> tuple[float, Any]:
                    self._move(start, distance, d)
                    value = evaluated()
                    return value, self._gradient()

                loss, g, t, tries = strong_wolfe(at, t, d, loss, g, slope)
                self._move(start, t, d)
            else:
                self._move(self._values(), t, d)
                if iteration != group["max_iter"]:
                    loss = evaluated()
                    g = self._gradient()
            calls += tries
            still = np.abs(d * t).max() <= group["tolerance_change"] or abs(loss - loss_before) < group["tolerance_change"]
            if calls >= group["max_eval"] or np.abs(g).max() <= group["tolerance_grad"] or still:
                break
        state.update(d=d, t=t, pairs=pairs, H_diag=scale, prev_flat_grad=before, prev_loss=loss_before)
        return first

    @staticmethod
    def _direction(g: Any, pairs: list[Any], scale: float) -> Any:
        """-H g by the two loops of algorithm 7.4."""
        q, weights = -g, []
        for y, s, rho in reversed(pairs):
            weights.append(rho * float(s @ q))
            q = q - weights[-1] * y
        q = q * scale
        for (y, s, rho), weight in zip(pairs, reversed(weights), strict=True):
            q = q + s * (weight - rho * float(y @ q))
        return q


def cubic(x1: float, f1: float, g1: float, x2: float, f2: float, g2: float, bounds: tuple[float, float] | None = None) -> float:
    """Where the cubic through two points and slopes is least, within bounds."""
    low, high = bounds or (min(x1, x2), max(x1, x2))
    d1 = g1 + g2 - 3 * (f1 - f2) / (x1 - x2)
    square = d1**2 - g1 * g2
    if square < 0:
        return (low + high) / 2
    d2 = math.sqrt(square)
    x1, g1, x2, g2 = (x1, g1, x2, g2) if x1 <= x2 else (x2, g2, x1, g1)
    least = x2 - (x2 - x1) * ((g2 + d2 - d1) / (g2 - g1 + 2 * d2))
    return min(max(least, low), high)


def strong_wolfe(
    at: Callable[[float], tuple[float, Any]], t: float, d: Any, loss: float, g: Any, slope: float,
    c1: float = 1e-4, c2: float = 0.9, tolerance: float = 1e-9, most: int = 25,
) -> tuple[float, Any, float, int]:  # fmt: skip
    """(loss, gradient, distance, calls) at a distance where the loss has fallen and its slope flattened enough."""
    size = float(np.abs(d).max())
    found, found_g = at(t)
    calls, found_slope = 1, float(found_g @ d)
    t_before, f_before, g_before, slope_before = 0.0, loss, g, slope
    done, rounds = False, 0
    bracket: list[Any] = []  # (distance, loss, gradient, slope)
    while rounds < most:
        if found > loss + c1 * t * slope or (rounds > 1 and found >= f_before) or found_slope >= 0:
            if abs(found_slope) <= -c2 * slope and found <= loss + c1 * t * slope and not (rounds > 1 and found >= f_before):
                bracket, done = [(t, found, found_g, found_slope)], True
            else:
                bracket = [(t_before, f_before, g_before, slope_before), (t, found, found_g, found_slope)]
            break
        if abs(found_slope) <= -c2 * slope:
            bracket, done = [(t, found, found_g, found_slope)], True
            break
        least, most_step = t + 0.01 * (t - t_before), t * 10
        following = cubic(t_before, f_before, slope_before, t, found, found_slope, (least, most_step))
        t_before, f_before, g_before, slope_before = t, found, found_g.copy(), found_slope
        t = following
        found, found_g = at(t)
        calls, found_slope, rounds = calls + 1, float(found_g @ d), rounds + 1
    if rounds == most:
        bracket = [(0.0, loss, g, slope), (t, found, found_g, found_slope)]
    stuck = False
    while not done and rounds < most:
        low, high = sorted(range(len(bracket)), key=lambda i: bracket[i][1])
        (x1, f1, _, g1), (x2, f2, _, g2) = bracket
        if abs(x2 - x1) * size < tolerance:
            break
        t = cubic(x1, f1, g1, x2, f2, g2)
        left, right = min(x1, x2), max(x1, x2)
        margin = 0.1 * (right - left)
        if min(right - t, t - left) < margin:
            if stuck or t >= right or t <= left:
                t = right - margin if abs(t - right) < abs(t - left) else left + margin
                stuck = False
            else:
                stuck = True
        else:
            stuck = False
        found, found_g = at(t)
        calls, found_slope, rounds = calls + 1, float(found_g @ d), rounds + 1
        if found > loss + c1 * t * slope or found >= bracket[low][1]:
            bracket[high] = (t, found, found_g.copy(), found_slope)
        else:
            if abs(found_slope) <= -c2 * slope:
                done = True
            elif found_slope * (bracket[high][0] - bracket[low][0]) >= 0:
                bracket[high] = bracket[low]
            bracket[low] = (t, found, found_g.copy(), found_slope)
    distance, value, gradient, _ = min(bracket, key=lambda point: point[1])
    return value, gradient, distance, calls
