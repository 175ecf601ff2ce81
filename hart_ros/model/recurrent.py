# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The LSTM of HART (2017), with zoneout (Krueger et al. 2016)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class ZoneoutLSTMCell(nn.Module):
    """An LSTM cell, c' = sigmoid(f) c + sigmoid(i) tanh(j) and o' = sigmoid(o) tanh(c').

    In training each unit of cell and output keeps its old value with the probability `zoneout`;
    in evaluation it takes the expectation of that. What is read from the cell at this step is
    the output before zoneout.

    Input and recurrent matrices start orthogonal, the candidate's recurrent block as 0.95 I.
    No gate is opened beforehand: biases are Glorot uniform, the forget gate's too.
    """

    def __init__(self, inputs: int = 100, hidden: int = 100, zoneout: float = 0.05) -> None:
        super().__init__()
        self.zoneout = zoneout
        self.from_input = nn.Parameter(torch.empty(4 * hidden, inputs))  # gates i, j, f, o
        self.from_output = nn.Parameter(torch.empty(4 * hidden, hidden))
        limit = math.sqrt(3.0 / (4 * hidden))
        self.bias = nn.Parameter(torch.empty(4 * hidden).uniform_(-limit, limit))
        nn.init.orthogonal_(self.from_input)
        with torch.no_grad():
            gate_i, candidate, gate_f, gate_o = self.from_output.chunk(4)
            candidate.copy_(0.95 * torch.eye(hidden))
            for gate in (gate_i, gate_f, gate_o):
                nn.init.orthogonal_(gate)

    def forward(self, x: Tensor, cell: Tensor, output: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One step.

        Args:
            x: (B, inputs).
            cell, output: (B, hidden), the state.

        Returns:
            What is read, cell and output of the next state, each (B, hidden).
        """
        gates = x @ self.from_input.T + output @ self.from_output.T + self.bias  # (B, 4 hidden)
        i, j, f, o = gates.chunk(4, -1)
        new_cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(j)
        new_output = torch.sigmoid(o) * torch.tanh(new_cell)
        return new_output, self._zone_out(cell, new_cell), self._zone_out(output, new_output)

    def _zone_out(self, old: Tensor, new: Tensor) -> Tensor:
        if self.training:
            kept = torch.rand_like(old) < self.zoneout
            return torch.where(kept, old, new)
        return self.zoneout * old + (1 - self.zoneout) * new
