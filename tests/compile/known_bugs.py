"""What is known not to work: patterns of the ids of tests, and why. Each of these must fail until it is mended."""
from __future__ import annotations

BUGS = {
    "test_guards.py::test_a_hook_on_an_argument": "what a hook does is captured, so that it cannot take values out of tensors",
}
