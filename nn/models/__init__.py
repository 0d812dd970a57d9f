"""Whole models, each in a file that is read in one go: the classic networks as they are written with ``nn``.

A model has the names of parameters of the program it is known from (nanoGPT, Hugging Face's BertModel, torchvision's ResNet), so that
weights saved there are read by ``load_state_dict``.
"""
from nn.layers.mlp import MLP
from nn.models.bert import BertConfig, BertModel, mean_pooling
from nn.models.gcn import GCN
from nn.models.gpt import GPT, GPTConfig
from nn.models.lenet import LeNet
from nn.models.resnet import BasicBlock, ResNet
from nn.models.vae import VAE
from nn.models.wordpiece import WordPiece

__all__ = [
    "GCN", "GPT", "MLP", "VAE", "BasicBlock", "BertConfig", "BertModel", "GPTConfig", "LeNet", "ResNet", "WordPiece", "mean_pooling",
]  # fmt: skip
