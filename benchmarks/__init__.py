"""Speed, measured as a ratio: this library and its peers by turns on one machine, minimum and median.

``python -m benchmarks``            thirteen workloads, each library in a process of its own
``python -m benchmarks.report``     the page and the chart of what such a run has kept
``python -m benchmarks.overhead``   microseconds per op
"""
