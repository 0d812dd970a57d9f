"""``numpy.random``, which draws arrays."""
from numpy.random import *
