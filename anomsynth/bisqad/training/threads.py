"""How much of the processor the networks may take."""

import torch


def use_threads(threads: int) -> None:
    """Let torch use this many CPU threads from now on, in this process."""
    torch.set_num_threads(threads)
