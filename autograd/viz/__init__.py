"""Pictures of graphs: what computed a tensor, and how the gradient goes back through it, step by step."""
from autograd.viz.engines import EngineNotFound, available
from autograd.viz.picture import Graph, graph
from autograd.viz.stepper import Stepper, step, trace
from autograd.viz.values import keep

__all__ = ["EngineNotFound", "Graph", "Stepper", "available", "graph", "keep", "step", "trace"]
