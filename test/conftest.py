# SPDX-License-Identifier: Apache-2.0
"""For all tests."""

from __future__ import annotations

import torch

# The networks of the tests are tiny, and threads that wait for each other are slow beside other
# processes.
torch.set_num_threads(1)
