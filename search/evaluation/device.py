"""The device that networks are trained on, and its description."""

import torch

from search.console.messages import plural
from search.errors import BadInput


def choose_device(name: str) -> torch.device:
    """The device that --device names; `auto` is CUDA if available. Raises: BadInput if CUDA is not available."""
    if name == "cuda" and not torch.cuda.is_available():
        raise BadInput("--device cuda: PyTorch finds no CUDA device; use --device cpu")
    cuda = name == "cuda" or (name == "auto" and torch.cuda.is_available())
    return torch.device("cuda" if cuda else "cpu")


def trained_with(device: torch.device, precision: str) -> str:
    """What a value depends on besides protocol and seed, as `torch 2.13.0+cpu, cpu AVX512, 2 threads, float32`."""
    if device.type == "cuda":
        exact = " without TF32" if precision == "float32" else ""
        return f"torch {torch.__version__}, {torch.cuda.get_device_name(device)}, {precision}{exact}"
    threads = plural(torch.get_num_threads(), "thread")
    return f"torch {torch.__version__}, cpu {torch.backends.cpu.get_cpu_capability()}, {threads}, {precision}"
