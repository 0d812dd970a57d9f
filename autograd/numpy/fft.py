"""``numpy.fft``, whose functions find tensors among their arguments."""
from numpy.fft import *
