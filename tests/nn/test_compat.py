"""``import torch`` finds this library: names, refusals, the command. Programs run in processes of their own, for PyTorch may be here."""
from __future__ import annotations

import importlib
import importlib.util
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from nn.compat.names import SOURCES

ROOT = Path(__file__).resolve().parents[2]
TORCH = importlib.util.find_spec("torch") is not None


def python(*arguments, cwd=ROOT):
    command = [sys.executable, "-W", "error", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)


@pytest.fixture
def script(tmp_path):
    """Runs a program under nn.compat, and returns what it prints; it must succeed."""

    def run(source, *arguments):
        (tmp_path / "script.py").write_text(textwrap.dedent(source))
        done = python("-m", "nn.compat", "--shadow", tmp_path / "script.py", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_imports_find_this_library(script):
    script("""
        import autograd as ag, nn as ours, nn.functional
        import torch, torch.nn as nn, torch.nn.functional as F, torch.optim as optim, torch.utils.data, torch.nn.init, torch.nn.utils
        import torch.linalg, torch.fft, torch.special, torch.distributions, torch.autograd.functional, torch.utils.checkpoint, torch.cuda
        import torch.optim.lr_scheduler as lr_scheduler, torch.backends.cudnn as cudnn
        from torch import Tensor, no_grad, nn as again
        from torch.nn import Module, Parameter
        from torch.nn.modules.loss import MSELoss
        from torch.nn.utils import clip_grad_norm_
        from torch.utils.data import DataLoader, Dataset, TensorDataset, random_split
        from torch.optim.lr_scheduler import StepLR, _LRScheduler
        from torch.autograd import Variable, Function, grad, gradcheck
        from torch.distributions import Normal, kl_divergence

        assert again is nn and torch.nn is nn and torch.optim is optim
        assert nn.Linear is ours.Linear and F.relu is ours.functional.relu and optim.Adam is ours.optim.Adam
        assert torch.tensor is ag.tensor and torch.no_grad is ag.no_grad and torch.fft.fft is ag.fft.fft
        assert issubclass(DataLoader, ours.data.DataLoader) and Function is ag.Function and _LRScheduler is lr_scheduler.LRScheduler
        assert torch.utils.checkpoint.checkpoint is ag.checkpoint and torch.manual_seed is ag.manual_seed
        assert torch.__version__.startswith("2.") and int(torch.__version__.split(".")[0]) >= 2
        assert "Linear" in dir(nn) and "functional" in dir(nn) and "nn" in dir(torch)
        cudnn.benchmark = True
        assert torch.backends.cudnn.benchmark
    """)


def test_every_module_can_be_imported_whole(script):
    names = "\n".join(f"import {name}; exec('from {name} import *', {{}})" for name in SOURCES)
    script(names)


def test_types_and_dtypes(script):
    script("""
        import numpy as np, torch
        x = torch.tensor([1.5, 2])
        assert isinstance(x, torch.Tensor) and isinstance(x, torch.FloatTensor) and not isinstance(x, torch.LongTensor)
        assert isinstance(torch.nn.Parameter(x), torch.Tensor) and torch.is_tensor(x) and not isinstance([1], torch.Tensor)
        assert torch.Tensor([1, 2]).dtype == torch.float32 and torch.Tensor(2, 3).shape == (2, 3) and torch.Tensor().shape == (0,)
        assert torch.LongTensor([1, 2]).dtype == torch.int64 == torch.long and torch.DoubleTensor(2).dtype == torch.double
        assert torch.FloatTensor(np.zeros(3)).dtype == torch.float and torch.ByteTensor([1]).dtype == torch.uint8
        assert torch.BoolTensor([True]).dtype == torch.bool and torch.Tensor(x) is x
        assert x.type(torch.LongTensor).tolist() == [1, 2] and x.to(torch.IntTensor).dtype == torch.int32
        assert isinstance(torch.float32, torch.dtype) and isinstance(x.shape, torch.Size) and torch.finfo(torch.float32).max > 3e38
        assert torch.pi > 3 and torch.promote_types(torch.int32, torch.float32) == torch.float32
        assert torch.result_type(torch.ones(1, dtype=torch.int32), 1.5) == torch.float32
        assert x[:, None].shape == x[:, torch.newaxis].shape and torch.Tensor.relu(x) is not None
        assert isinstance(x, torch.autograd.Variable) and torch.is_nonzero(torch.ones(1))

        class Mine(torch.Tensor):
            def doubled(self):
                return self * 2
        assert not isinstance(x, Mine) and isinstance(Mine([1.0]), Mine) and Mine([1.0]).doubled().tolist() == [2]

        torch.set_default_tensor_type(torch.DoubleTensor)
        assert torch.ones(1).dtype == torch.float64
        torch.set_default_tensor_type("torch.FloatTensor")
        assert torch.ones(1).dtype == torch.float32
    """)


def test_the_machine_is_one_cpu(script):
    script("""
        import torch
        device = torch.device("cuda:0" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu")
        assert device.type == "cpu" and torch.cuda.device_count() == 0 and not torch.distributed.is_available()
        torch.cuda.manual_seed(0); torch.cuda.manual_seed_all(0); torch.cuda.empty_cache(); torch.cuda.synchronize()
        model = torch.nn.Linear(2, 1).to(device)
        x = torch.ones(3, 2, device=device).to("cpu", non_blocking=True).to(device, torch.float32, False)
        assert x.to(torch.float32, False, True) is not x and x.to(torch.float32) is x
        scaler = torch.cuda.amp.GradScaler(enabled=torch.cuda.is_available())
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        with torch.autocast(device_type="cpu", enabled=False), torch.cuda.amp.autocast():
            loss = model(x).square().mean()
        before = loss.item()
        scaler.scale(loss).backward(); scaler.unscale_(optimizer); scaler.step(optimizer); scaler.update()
        assert model(x).square().mean().item() < before
        torch.set_default_device("cpu"); torch.use_deterministic_algorithms(True); torch.set_float32_matmul_precision("high")
        torch.set_printoptions(precision=3)
        assert torch.are_deterministic_algorithms_enabled()

        @torch.jit.script
        def double(x):
            return 2 * x
        assert double(x).sum() == 12
    """)


REFUSED = {
    "torch.ones(2).cuda()": "computes on the CPU only; got 'cuda'",
    "torch.ones(2).to('cuda:1')": "computes on the CPU only; got 'cuda:1'",
    "torch.ones(2, device='mps')": "computes on the CPU only",
    "torch.nn.Linear(1, 1).cuda()": "computes on the CPU only",
    "torch.set_default_device('cuda')": "computes on the CPU only",
    "torch.ones(2).to(torch.bfloat16)": "torch.bfloat16: a dtype that NumPy has is required",
    "torch.nn.Linear(1, 1).to(torch.bfloat16)": "torch.bfloat16: a dtype that NumPy has is required",
    "torch.ones(2, dtype=torch.bfloat16)": "got torch.bfloat16",
    "torch.autocast('cpu', dtype=torch.bfloat16)": "torch.autocast: enabled=False is required on the CPU",
    "torch.LongTensor([1], pin=True)": "no other named arguments than device",
    "torch.set_default_tensor_type('torch.Nothing')": "a type such as torch.DoubleTensor is required",
    "torch.compile(print, backend='aot_eager')": "torch.compile: a backend",
    "torch.compile(print, mode='fastest')": "torch.compile: a mode out of",
    "torch.compile(print, options={'epilogue_fusion': True})": "torch.compile: options=None is required",
    "torch.autograd.functional.jacobian(torch.exp, torch.ones(1), strict=True)": "strict=False is required",
    "torch.autograd.functional.vjp(torch.exp, torch.ones(2))": "v is required unless the result is one element",
    "torch.zeross(2)": "MissingName: torch.zeross: this library does not have it; is it zeros?",
    "torch.nn.Lineer": "MissingName: torch.nn.Lineer: this library does not have it; is it Linear",
    "torch.cuda.get_device_name()": "torch.cuda.get_device_name: this library does not have it; there is no GPU here",
    "torch.hub": "torch.hub: this library does not have it; load the weights from a file",
    "importlib.import_module('torch.onnx')": "MissingModule: torch.onnx: this library does not have it; save the state_dict",
    "exec('from torch import nothing_like_it')": "MissingModule: torch.nothing_like_it: this library does not have it",
    "exec('from torch.nn import Lineer')": "torch.nn.Lineer: this library does not have it; is it Linear",
    "importlib.import_module('torch.nn.utils.nothing')": "torch.nn.utils.nothing: this library does not have it",
    "torch.load(__import__('io').BytesIO(b'PyTorch'))": "load: a file of save()",
}


def test_refusals_say_what_is_missing_and_what_to_do(script):
    script(f"""
        import importlib, torch
        for program, text in {REFUSED!r}.items():
            try:
                eval(program)
            except Exception as error:
                said = f"{{type(error).__name__}}: {{error}}"
                assert text in said, (program, said)
                assert "importlib" not in said.rsplit("at ", 1)[1] or "importlib" in program, said
            else:
                raise AssertionError(program)
        assert not hasattr(torch, "nothing_like_it") and getattr(torch.nn, "Lineer", None) is None
        try:
            import torch._dynamo
        except ImportError:
            pass
    """)


def test_derivatives_in_pytorchs_order_of_arguments(script):
    script("""
        import torch
        from torch.autograd.functional import hessian, hvp, jacobian, jvp, vhp, vjp
        x, y, v = torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]), torch.tensor([1.0, -1.0])
        assert jacobian(lambda a: a**2, x).tolist() == [[2, 0], [0, 4]]
        a, b = jacobian(lambda a, b: (a * b).sum(), (x, y))
        assert a.tolist() == [3, 4] and b.tolist() == [1, 2]
        assert hessian(lambda a: (a**3).sum(), x).tolist() == [[6, 0], [0, 12]]
        (aa, ab), (ba, bb) = hessian(lambda a, b: (a * b).sum(), (x, y))
        assert aa.tolist() == [[0, 0], [0, 0]] and ab.tolist() == [[1, 0], [0, 1]]
        out, g = vjp(lambda a: a**2, x, v)
        assert out.tolist() == [1, 4] and g.tolist() == [2, -4]
        assert vjp(lambda a: a.sum(), x)[1].tolist() == [1, 1]
        assert [g.tolist() for g in vjp(lambda a, b: a * b, (x, y), v)[1]] == [[3, -4], [1, -2]]
        assert jvp(lambda a: a**2, x, v)[1].tolist() == [2, -4]
        assert jvp(lambda a, b: a * b, (x, y), (v, v))[1].tolist() == [4, -6]
        assert hvp(lambda a: (a**3).sum(), x, v)[1].tolist() == vhp(lambda a: (a**3).sum(), x, v)[1].tolist() == [6, -12]
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        assert jacobian(lambda a: a**2, w, create_graph=True).requires_grad and not jacobian(lambda a: a**2, w).requires_grad
        assert torch.func.grad(lambda a: (a**2).sum())(x).tolist() == [2, 4]
    """)


def test_compile_takes_pytorchs_options(script):
    script("""
        import torch
        model = torch.nn.Linear(2, 1)
        x = torch.ones(3, 2)
        fast = torch.compile(model, mode="reduce-overhead", fullgraph=True, dynamic=False)
        assert (fast(x) == model(x)).all() and (fast(x) == model(x)).all() and "program" in repr(fast)
        fast.train(); assert len(list(fast.parameters())) == 2

        @torch.compile(dynamic=True)
        def f(x):
            return x * 2
        assert f(x).sum() == 12 and "program" in repr(f)
        assert torch.compile(model, disable=True) is model and torch.compile(model, backend="eager") is model
    """)


def test_a_loader_with_workers(script):
    script("""
        import warnings, torch
        from torch.utils.data import DataLoader, TensorDataset, default_collate, default_convert, get_worker_info
        data = TensorDataset(torch.arange(6.0), torch.arange(6))
        loader = DataLoader(data, batch_size=4, num_workers=2, pin_memory=True, persistent_workers=True, prefetch_factor=2)
        assert [x.tolist() for x, _ in loader] == [[0, 1, 2, 3], [4, 5]] and get_worker_info() is None
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            torch.autograd.set_detect_anomaly(True)
            with torch.autograd.detect_anomaly(check_nan=False):
                pass
        assert len(caught) == 1 and "NaN" in str(caught[0].message)
    """)


def test_files(script, tmp_path):
    script("""
        import io, sys, torch
        model = torch.nn.Linear(2, 1)
        torch.save({"model": model.state_dict(), "epoch": 3}, sys.argv[1])
        found = torch.load(sys.argv[1], map_location=torch.device("cpu"), weights_only=True)
        assert found["epoch"] == 3 and (found["model"]["weight"] == model.weight).all()
        model.load_state_dict(found["model"])
    """, tmp_path / "checkpoint.pt")  # fmt: skip


# ── the command ──


def test_a_script_runs_as_itself(tmp_path):
    (tmp_path / "beside.py").write_text("value = 42\n")
    (tmp_path / "script.py").write_text(
        "import sys, torch, beside\nprint(__name__, __file__, sys.argv, sys.path[0], beside.value, torch.ones(1).item())\nsys.exit(3)\n"
    )
    done = python("-m", "nn.compat", "--shadow", "script.py", "--lr", "0.1", "--shadow", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stdout.split(" ", 2)[0] == "__main__"
    assert f"script.py ['script.py', '--lr', '0.1', '--shadow'] {tmp_path} 42 1.0" in done.stdout


def test_a_missing_method_is_named(tmp_path):
    (tmp_path / "script.py").write_text("import torch\ntorch.ones(1).no_such_method()\n")
    done = python("-m", "nn.compat", "--shadow", tmp_path / "script.py")
    assert done.returncode == 1
    assert "torch.Tensor.no_such_method: this library does not have it" in done.stderr


@pytest.mark.skipif(not TORCH, reason="needs torch")
def test_pytorch_is_not_hidden_unasked(tmp_path):
    (tmp_path / "script.py").write_text("import torch\nprint(torch.__file__)\n")
    done = python("-m", "nn.compat", tmp_path / "script.py")
    assert done.returncode == 2
    assert "an environment without PyTorch is required" in done.stderr
    assert "--shadow" in done.stderr
    late = "import sys, types; sys.modules['torch'] = types.ModuleType('torch'); import nn.compat; nn.compat.install(shadow=True)"
    assert "call it before any import of torch" in python("-c", late).stderr


def test_installed_and_uninstalled():
    program = """
import sys
import nn.compat
nn.compat.install(shadow=True)
nn.compat.install()
import torch, torch.nn
assert torch.nn.Linear is nn.Linear
assert sys.meta_path.count(nn.compat.finder.Finder) == 1
nn.compat.uninstall()
nn.compat.uninstall()
assert not [name for name in sys.modules if name.partition(".")[0] == "torch"]
assert nn.compat.finder.Finder not in sys.meta_path
"""
    done = python("-c", program)
    assert done.returncode == 0, done.stderr
