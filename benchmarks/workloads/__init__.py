"""The workloads by name, each in a file with its kin."""
from __future__ import annotations

import re

from benchmarks.workloads import chains, graphs, images, mlps, sequences
from benchmarks.workloads.base import Workload

__all__ = ["WORKLOADS", "Workload", "chosen"]


def order(workload: Workload) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", workload.name)))


WORKLOADS: dict[str, Workload] = {
    workload.name: workload
    for workload in sorted((w for family in (mlps, chains, images, sequences, graphs) for w in family.WORKLOADS), key=order)
}


def chosen(names: str | None) -> list[Workload]:
    """Those of a list as it is typed, ``W1,W10``; W10 stands for W10-1e4, W10-1e5 and W10-1e6. None: all."""
    if names is None:
        return list(WORKLOADS.values())
    wanted = names.split(",")
    if unknown := [name for name in wanted if not any(name in {w, w.partition("-")[0]} for w in WORKLOADS)]:
        raise SystemExit(f"workloads are {', '.join(WORKLOADS)}; {', '.join(unknown)} was given")
    return [w for name, w in WORKLOADS.items() if name in wanted or name.partition("-")[0] in wanted]
