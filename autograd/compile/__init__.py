"""Capture a function, and replay it as a flat list of NumPy calls. See compiled.py for ``compile``, capture.py for how it is captured."""
from autograd.compile.compiled import Compiled, compile
from autograd.tracing import dynamic, is_compiling, untraced

__all__ = ["Compiled", "compile", "dynamic", "is_compiling", "untraced"]
