"""`backprop_lib.nn.functional` is `backprop_lib.functional`, where PyTorch has it."""

from backprop_lib.functional import *  # noqa: F403
from backprop_lib.functional import __all__  # noqa: F401
