# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import gradcheck
from torch.testing import assert_close

from hart_ros.model.recurrent import ZoneoutLSTMCell


def test_published_shapes_and_start() -> None:
    lstm = ZoneoutLSTMCell()
    assert lstm.from_input.shape == lstm.from_output.shape == (400, 100)
    identity = torch.eye(100)
    assert_close(lstm.from_input.T @ lstm.from_input, identity, atol=1e-5, rtol=0)
    gate_i, candidate, gate_f, gate_o = lstm.from_output.detach().chunk(4)
    assert_close(candidate, 0.95 * identity)
    for gate in (gate_i, gate_f, gate_o):
        assert_close(gate @ gate.T, identity, atol=1e-5, rtol=0)


def test_without_zoneout_it_is_an_lstm() -> None:
    lstm, reference = ZoneoutLSTMCell(3, 5, zoneout=0.0), nn.LSTMCell(3, 5)

    def reordered(rows: Tensor) -> Tensor:
        i, j, f, o = rows.detach().chunk(4)
        return torch.cat((i, f, j, o))

    with torch.no_grad():
        reference.weight_ih.copy_(reordered(lstm.from_input))
        reference.weight_hh.copy_(reordered(lstm.from_output))
        reference.bias_ih.copy_(reordered(lstm.bias))
        reference.bias_hh.zero_()
    x, cell, output = torch.randn(4, 3), torch.randn(4, 5), torch.randn(4, 5)
    expected_output, expected_cell = reference(x, (output, cell))
    for training in (True, False):
        read, new_cell, new_output = lstm.train(training)(x, cell, output)
        assert_close(read, expected_output)
        assert_close(new_output, expected_output)
        assert_close(new_cell, expected_cell)


def test_zoneout_keeps_its_share_of_units_in_training() -> None:
    lstm = ZoneoutLSTMCell(4, 50, zoneout=0.2).train()
    cell, output = torch.randn(200, 50), torch.randn(200, 50)
    read, new_cell, new_output = lstm(torch.randn(200, 4), cell, output)
    for old, new in ((cell, new_cell), (output, new_output)):
        assert_close(float((old == new).float().mean()), 0.2, atol=0.02, rtol=0)
    moved = new_output != output
    assert_close(new_output[moved], read[moved])  # what is read is not zoned out
    assert not torch.equal(new_cell == cell, new_output == output)


def test_zoneout_in_evaluation_is_the_expectation_of_training() -> None:
    lstm = ZoneoutLSTMCell(4, 6, zoneout=0.3)
    x, cell, output = torch.randn(1, 4), torch.randn(1, 6), torch.randn(1, 6)
    _, expected_cell, expected_output = lstm.eval()(x, cell, output)
    many = 20_000
    _, cells, outputs = lstm.train()(*(t.expand(many, -1) for t in (x, cell, output)))
    assert_close(cells.mean(0, keepdim=True), expected_cell, atol=0.03, rtol=0)
    assert_close(outputs.mean(0, keepdim=True), expected_output, atol=0.03, rtol=0)


def test_evaluation_is_deterministic() -> None:
    lstm = ZoneoutLSTMCell(4, 6).eval()
    inputs = torch.randn(2, 4), torch.randn(2, 6), torch.randn(2, 6)
    for first, second in zip(lstm(*inputs), lstm(*inputs)):
        assert torch.equal(first, second)


def test_gradients() -> None:
    lstm = ZoneoutLSTMCell(3, 4).double().eval()
    names = [name for name, _ in lstm.named_parameters()]
    values = [p.detach().requires_grad_() for p in lstm.parameters()]
    inputs = [torch.randn(2, n, dtype=torch.float64, requires_grad=True) for n in (3, 4, 4)]

    def run(x: Tensor, cell: Tensor, output: Tensor, *parameters: Tensor) -> Any:
        return torch.func.functional_call(lstm, dict(zip(names, parameters)), (x, cell, output))

    assert gradcheck(run, (*inputs, *values))
