"""Every example in a docstring runs and shows what it says."""
from __future__ import annotations

import doctest
import importlib
import pkgutil

import numpy as np
import pytest

import autograd
import nn

MODULES = [
    module.name for package in (autograd, nn) for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not module.name.endswith("__main__")
]  # fmt: skip
NAMES = {"ag": autograd, "autograd": autograd, "nn": nn, "np": np}


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    autograd.manual_seed(0)
    assert doctest.testmod(importlib.import_module(name), extraglobs=NAMES, optionflags=doctest.ELLIPSIS).failed == 0


def test_examples_are_found():
    finder = doctest.DocTestFinder()
    assert sum(len(test.examples) for name in MODULES for test in finder.find(importlib.import_module(name))) > 250
