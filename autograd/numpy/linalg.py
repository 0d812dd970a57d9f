"""``numpy.linalg``, whose functions find tensors among their arguments."""
from numpy.linalg import *
