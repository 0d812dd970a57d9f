"""Kipf's graph convolutional network, as in pygcn: two communities with noisy features, four known labels."""
import math

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from common import finish, start
from torch.nn.modules.module import Module
from torch.nn.parameter import Parameter


class GraphConvolution(Module):
    def __init__(self, in_features, out_features, bias=True):
        super(GraphConvolution, self).__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(torch.FloatTensor(in_features, out_features))
        if bias:
            self.bias = Parameter(torch.FloatTensor(out_features))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self):
        stdv = 1.0 / math.sqrt(self.weight.size(1))
        self.weight.data.uniform_(-stdv, stdv)
        if self.bias is not None:
            self.bias.data.uniform_(-stdv, stdv)

    def forward(self, input, adj):
        support = torch.mm(input, self.weight)
        output = torch.mm(adj, support)
        return output if self.bias is None else output + self.bias

    def __repr__(self):
        return self.__class__.__name__ + " (" + str(self.in_features) + " -> " + str(self.out_features) + ")"


class GCN(nn.Module):
    def __init__(self, nfeat, nhid, nclass, dropout):
        super(GCN, self).__init__()
        self.gc1 = GraphConvolution(nfeat, nhid)
        self.gc2 = GraphConvolution(nhid, nclass)
        self.dropout = dropout

    def forward(self, x, adj):
        x = F.relu(self.gc1(x, adj))
        x = F.dropout(x, self.dropout, training=self.training)
        x = self.gc2(x, adj)
        return F.log_softmax(x, dim=1)


def accuracy(output, labels):
    preds = output.max(1)[1].type_as(labels)
    correct = preds.eq(labels).double()
    return correct.sum() / len(labels)


rng = np.random.default_rng(3)
n = 40
labels = np.repeat([0, 1], n // 2)
chance = np.where(labels[:, None] == labels[None, :], 0.3, 0.03)
adj = np.triu(rng.random((n, n)) < chance, 1).astype(np.float32)
adj = adj + adj.T + np.eye(n, dtype=np.float32)
adj = torch.FloatTensor(adj / adj.sum(1, keepdims=True))
features = torch.FloatTensor(rng.standard_normal((n, 8)) + labels[:, None])
labels = torch.LongTensor(labels)
idx_train, idx_test = torch.LongTensor([0, 1, n - 2, n - 1]), torch.LongTensor(range(2, n - 2))

model = GCN(nfeat=features.shape[1], nhid=16, nclass=labels.max().item() + 1, dropout=0.0)
print(model)
start(model)
optimizer = optim.Adam(model.parameters(), lr=0.01, weight_decay=5e-4)
losses = []
for epoch in range(40):
    model.train()
    optimizer.zero_grad()
    output = model(features, adj)
    loss_train = F.nll_loss(output[idx_train], labels[idx_train])
    loss_train.backward()
    optimizer.step()
    losses.append(loss_train.item())
model.eval()
output = model(features, adj)
acc_test = accuracy(output[idx_test], labels[idx_test])
print(f"Test set results: accuracy= {acc_test.item():.4f}")
finish(losses, test=[F.nll_loss(output[idx_test], labels[idx_test]).item(), acc_test.item()])
