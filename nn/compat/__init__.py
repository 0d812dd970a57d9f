"""PyTorch's programs, run as they are: ``import torch`` finds this library.

::

    import nn.compat

    nn.compat.install()
    import torch                            # from here on
    from torch.utils.data import DataLoader

or, without a line of code, ``python -m nn.compat script.py arguments``.

What stands behind the names are the functions and classes of ``autograd`` and ``nn`` themselves: ``torch.nn.Linear is nn.Linear``.
A name that is not there raises an error that says so, and what to do. Some things differ, on purpose:

* Tensors live on the CPU. ``.cuda()`` and any device but "cpu" raise; ``torch.cuda.is_available()`` is False.
* Random numbers are NumPy's: the same seed gives other numbers than PyTorch's.
* A dtype is NumPy's (``torch.float32`` is ``numpy.dtype("float32")``), a shape is a tuple. There is no bfloat16.
* ``torch.save`` writes data, never code, in a format of its own (``autograd/io.py``), and ``torch.load`` reads it.
* ``torch.compile`` captures whole functions; what it cannot capture is an error, not a part that runs uncompiled.
* The workers of a DataLoader are threads of this process, which share one dataset; their batches come in the same order.
"""
from nn.compat.finder import MissingModule, MissingName, ShadowError, install, uninstall

__all__ = ["MissingModule", "MissingName", "ShadowError", "install", "uninstall"]
