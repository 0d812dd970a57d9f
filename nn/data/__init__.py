"""Data: datasets, batches, splits, scaling, and the digits that come with the library. Names follow ``torch.utils.data``."""
from nn.data.collate import default_collate
from nn.data.dataset import ConcatDataset, Dataset, IterableDataset, Subset, TensorDataset, random_split
from nn.data.digits import Digits, load_digits
from nn.data.karate import KarateClub, karate_club
from nn.data.loader import DataLoader
from nn.data.preprocessing import Standardize, train_test_split
from nn.data.sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler, SubsetRandomSampler, WeightedRandomSampler

__all__ = [
    "BatchSampler", "ConcatDataset", "DataLoader", "Dataset", "Digits", "IterableDataset", "KarateClub", "RandomSampler", "Sampler",
    "SequentialSampler", "Standardize", "Subset", "SubsetRandomSampler", "TensorDataset", "WeightedRandomSampler", "default_collate",
    "karate_club", "load_digits", "random_split", "train_test_split",
]  # fmt: skip
