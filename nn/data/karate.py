"""Zachary's karate club: a graph network's first data set.

W. Zachary, "An information flow model for conflict and fission in small groups", Journal of Anthropological Research 33, 1977, pp. 452-473:
who of 34 members of a club met whom outside it (figure 1 and the matrix E of the paper, without weights), and whom each followed when it
split. The table of a published paper, facts that are in the public domain; it is the graph of networkx.karate_club_graph().
"""
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

__all__ = ["KarateClub", "karate_club"]

MET = """
0: 1 2 3 4 5 6 7 8 10 11 12 13 17 19 21 31; 1: 2 3 7 13 17 19 21 30; 2: 3 7 8 9 13 27 28 32; 3: 7 12 13; 4: 6 10; 5: 6 10 16; 6: 16;
8: 30 32 33; 9: 33; 13: 33; 14: 32 33; 15: 32 33; 18: 32 33; 19: 33; 20: 32 33; 22: 32 33; 23: 25 27 29 32 33; 24: 25 27 31; 25: 31;
26: 29 33; 27: 33; 28: 31 33; 29: 32 33; 30: 32 33; 31: 32 33; 32: 33
"""
FOLLOWED = "0000000001000011001010111111111111"  # the instructor (0, himself node 0) or the officer (1, node 33)


class KarateClub(NamedTuple):
    """``features`` (34, 34), ``edge_index`` (2, 156) and ``labels`` (34,)."""

    features: Any
    edge_index: Any
    labels: Any


def karate_club() -> KarateClub:
    """34 members, 78 ties in both directions, two factions: features are one-hot (float32), edges and labels int64."""
    pairs = [(int(a), int(b)) for row in MET.split(";") for a, _, others in [row.partition(":")] for b in others.split()]
    one_way = np.array(pairs).T
    edges = np.concatenate([one_way, one_way[::-1]], 1)
    return KarateClub(np.eye(34, dtype=np.float32), edges, np.array([int(c) for c in FOLLOWED]))
