# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Every test of the model starts from the same seed, and runs on one thread."""

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(autouse=True)
def _repeatable() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)
