"""Threads that read batches ahead: the same batches, whoever reads them."""
from __future__ import annotations

import gc
import threading
import time

import numpy as np
import pytest

import autograd as ag
import nn
from nn.data import DataLoader, Dataset, IterableDataset, Subset, TensorDataset, current_generator, get_worker_info, load_digits
from nn.data.transforms import GaussianNoise


class Noisy(Dataset):
    """Sample i is i, a number drawn for it, and the thread that read it; the first samples take longest."""

    def __init__(self, n: int = 17) -> None:
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        time.sleep(0.002 * max(0, 5 - index))
        return index, ag.rand((), generator=current_generator()), threading.current_thread().name


class Parts(IterableDataset):
    """0 ... n - 1, a part to each worker."""

    def __init__(self, n: int) -> None:
        self.n = n

    def __iter__(self):
        worker = get_worker_info()
        return iter(range(self.n) if worker is None else range(worker.id, self.n, worker.num_workers))


class Bad(Dataset):
    def __len__(self):
        return 10

    def __getitem__(self, index):
        if index == 7:
            raise KeyError("no such file")
        return index


def workers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("DataLoader-worker")]


@pytest.fixture(autouse=True)
def no_thread_is_left():
    yield
    gc.collect()
    deadline = time.monotonic() + 5
    while workers() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not workers()


def values(loader):
    return [(index.tolist(), drawn.tolist()) for index, drawn, _ in loader]


@pytest.mark.parametrize(
    "options", [{}, {"batch_size": None}, {"drop_last": True, "prefetch_factor": 1}, {"persistent_workers": True}], ids=str
)
@pytest.mark.parametrize("num_workers", [1, 3])
def test_order_and_random_numbers_are_those_of_no_workers(options, num_workers):
    options = {"batch_size": 4, "shuffle": True} | options
    here = DataLoader(Noisy(), **{name: options[name] for name in ("batch_size", "shuffle")}, drop_last="drop_last" in options, generator=5)
    ahead = DataLoader(Noisy(), **options, num_workers=num_workers, generator=5)
    if options["batch_size"] is None:
        first, second, same = ([(i, x.item()) for i, x, _ in loader] for loader in (here, here, ahead))
    else:
        first, second, same = values(here), values(here), values(ahead)
    assert same == first
    assert second != first
    assert len({str(drawn) for _, drawn in first}) == len(first)


def test_every_worker_reads():
    names = [name for _, _, batch in DataLoader(Noisy(12), batch_size=2, num_workers=3) for name in batch]
    assert sorted({name.rpartition("_")[0] for name in names}) == [f"DataLoader-worker-{i}" for i in range(3)]


def test_gathered_batches():
    dataset = TensorDataset(ag.arange(10), ag.arange(10) ** 2)
    here, ahead = (list(DataLoader(Subset(dataset, range(9)), batch_size=4, num_workers=n)) for n in (0, 2))
    assert [[t.tolist() for t in batch] for batch in here] == [[t.tolist() for t in batch] for batch in ahead]


def test_the_global_seed_is_enough():
    def run(num_workers):
        ag.manual_seed(3)
        return values(DataLoader(Noisy(), batch_size=4, num_workers=num_workers))

    assert run(0) == run(2)


def test_batches_are_read_ahead_and_no_further():
    read = []

    class Watched(Dataset):
        def __len__(self):
            return 20

        def __getitem__(self, index):
            read.append(index)
            return index

    batches = iter(DataLoader(Watched(), num_workers=2, prefetch_factor=3))
    next(batches)
    deadline = time.monotonic() + 5
    while len(read) < 7 and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(0.02)
    assert sorted(read) == list(range(7))  # the batch in hand, and three ahead at each of two workers


def test_parts_of_an_iterable():
    rows = [batch.tolist() for batch in DataLoader(Parts(11), batch_size=2, num_workers=3)]
    assert rows == [[0, 3], [1, 4], [2, 5], [6, 9], [7, 10], [8]]
    assert [batch.tolist() for batch in DataLoader(Parts(11), batch_size=2, num_workers=3, drop_last=True)] == rows[:-1]
    assert list(DataLoader(Parts(5), batch_size=None, num_workers=2)) == [0, 1, 2, 3, 4]
    assert len(list(DataLoader(Parts(1), batch_size=2, num_workers=3, persistent_workers=True))) == 1


@pytest.mark.parametrize("num_workers", [0, 2])
@pytest.mark.parametrize("collate_fn", [None, list])
def test_an_error_names_the_sample(num_workers, collate_fn):
    batches = iter(DataLoader(Bad(), batch_size=3, num_workers=num_workers, collate_fn=collate_fn))
    assert [len(next(batches)) for _ in range(2)] == [3, 3]
    with pytest.raises(KeyError, match="no such file") as caught:
        next(batches)
    assert "in Bad[7]" in caught.value.__notes__


def test_an_abandoned_iterator_leaves_no_thread():
    loader = DataLoader(Noisy(1000), num_workers=2)
    batches = iter(loader)
    next(batches)
    assert len(workers()) == 2
    del batches
    assert not workers()
    for _ in loader:
        break
    assert not workers()


def test_workers_start_once_in_each_pass_unless_they_persist():
    begun = []

    def begin(number):
        assert get_worker_info().id == number
        assert get_worker_info().num_workers == 2
        begun.append((number, get_worker_info().seed))

    loader = DataLoader(Noisy(4), num_workers=2, worker_init_fn=begin)
    for _ in range(2):
        list(loader)
    assert sorted(number for number, _ in begun) == [0, 0, 1, 1]
    assert len(set(begun)) == 4
    begun.clear()
    kept = DataLoader(Noisy(4), num_workers=2, worker_init_fn=begin, persistent_workers=True)
    for _ in range(2):
        list(kept)
    assert sorted(number for number, _ in begun) == [0, 1]
    assert len(workers()) == 2
    del kept


def test_what_worker_init_fn_raises():
    def begin(number):
        raise OSError(f"no disk for {number}")

    with pytest.raises(OSError, match="no disk for 0"):
        next(iter(DataLoader(Noisy(), num_workers=2, worker_init_fn=begin)))


def test_timeout():
    gate = threading.Event()
    loader = DataLoader(range(3), num_workers=1, timeout=0.05, collate_fn=lambda batch: gate.wait(5) and batch)
    with pytest.raises(RuntimeError, match=r"within timeout=0.05 seconds"):
        next(iter(loader))
    gate.set()
    loader.timeout = 60
    assert list(loader) == [[0], [1], [2]]

    def late(batch):
        raise TimeoutError("the server's")

    with pytest.raises(TimeoutError, match="the server's"):
        next(iter(DataLoader(range(3), num_workers=1, timeout=5, collate_fn=late)))


def test_no_grad_holds_in_workers():
    with ag.no_grad():
        assert [bool(x) for x in DataLoader(range(2), num_workers=1, collate_fn=lambda _: ag.is_grad_enabled())] == [False, False]


def test_a_seed_per_batch_not_per_thread():
    assert current_generator() is ag.default_generator
    drawn = np.array([row for _, row in values(DataLoader(Noisy(40), batch_size=8, num_workers=2))])
    assert len(np.unique(drawn)) == 40


@pytest.mark.parametrize("compiled", [False, True])
def test_training_is_the_same_with_workers(compiled):
    """Threads run ops of their own while this one trains, records and captures."""
    images, labels = load_digits()

    class Noised(Dataset):
        def __len__(self):
            return 300

        def __getitem__(self, index):
            return GaussianNoise()(ag.tensor(images[index] / 16)), labels[index]

    def trained(num_workers):
        ag.manual_seed(0)
        model = nn.Sequential(nn.Flatten(), nn.MLP(64, 16, 10))
        optimizer = nn.optim.SGD(model.parameters(), lr=0.1)

        def step(x, y):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            return loss

        run = ag.compile(step) if compiled else step
        return [run(x, y).item() for _ in range(2) for x, y in DataLoader(Noised(), 32, True, num_workers=num_workers, generator=0)]

    losses = trained(0)
    assert trained(2) == losses
    assert losses[-1] < losses[0]
