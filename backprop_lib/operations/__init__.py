"""The differentiable operations, a file per kind: each forward function beside its gradients (VJPs)."""
