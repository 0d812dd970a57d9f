"""Data: datasets, batches, splits, scaling, transforms, and data that comes with the library. Names follow ``torch.utils.data``."""
from nn.data import transforms
from nn.data.collate import default_collate, default_convert
from nn.data.dataset import (
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    random_split,
)  # fmt: skip
from nn.data.digits import Digits, load_digits
from nn.data.karate import KarateClub, karate_club
from nn.data.loader import DataLoader
from nn.data.preprocessing import Standardize, train_test_split
from nn.data.random import current_generator
from nn.data.sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler, SubsetRandomSampler, WeightedRandomSampler
from nn.data.synthetic import make_blobs, make_circles, make_moons, make_regression, make_spirals
from nn.data.tables import Table, load_breast_cancer, load_diabetes, load_iris, load_wine
from nn.data.text import load_text
from nn.data.workers import WorkerInfo, get_worker_info

__all__ = [
    "BatchSampler", "ChainDataset", "ConcatDataset", "DataLoader", "Dataset", "Digits", "IterableDataset", "KarateClub", "RandomSampler",
    "Sampler", "SequentialSampler", "StackDataset", "Standardize", "Subset", "SubsetRandomSampler", "Table", "TensorDataset",
    "WeightedRandomSampler", "WorkerInfo", "current_generator", "default_collate", "default_convert", "get_worker_info", "karate_club",
    "load_breast_cancer", "load_diabetes", "load_digits", "load_iris", "load_text", "load_wine", "make_blobs", "make_circles", "make_moons",
    "make_regression", "make_spirals", "random_split", "train_test_split", "transforms",
]  # fmt: skip
