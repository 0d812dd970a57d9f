"""Graph networks: layers that pass messages along the edges of a graph, and sums over whole graphs.

A graph of n nodes is node features (n, F) and ``edge_index`` (2, E) of integers, whose columns are edges from a source (row 0) to a target
(row 1). An undirected graph has each edge in both directions. Names, arguments and numbers are those of PyTorch Geometric.
"""
from nn.graph.attention import GATConv, GATv2Conv
from nn.graph.convolution import GCNConv, GINConv, SAGEConv, gcn_norm
from nn.graph.message_passing import MessagePassing
from nn.graph.pooling import global_add_pool, global_max_pool, global_mean_pool
from nn.segments import scatter, softmax

__all__ = [
    "GATConv", "GATv2Conv", "GCNConv", "GINConv", "MessagePassing", "SAGEConv", "gcn_norm", "global_add_pool", "global_max_pool",
    "global_mean_pool", "scatter", "softmax",
]  # fmt: skip
