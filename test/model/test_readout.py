# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
import pytest
import torch
import torch.nn.functional as F
from torch.autograd import gradcheck
from torch.testing import assert_close

from hart_ros.model.readout import AttentionReadout, BoxReadout, DeltaReadout, MaskSummary
from hart_ros.model.streams import MaskedFeatures


def test_published_shapes() -> None:
    seen = torch.cat((torch.randn(2, 100), MaskSummary()(torch.rand(2, 14, 14))), 1)
    assert seen.shape == (2, 110)
    readout = DeltaReadout()
    assert readout.hidden.weight.shape == (100, 110)
    assert readout.delta.weight.shape == (4, 100)
    assert readout(seen).shape == (2, 4)


def test_hidden_layers_are_elu_and_deltas_tanh() -> None:
    summary, readout = MaskSummary(3, 4), DeltaReadout(5, 6)
    mask, seen = torch.randn(2, 3, 3), torch.randn(2, 5)
    assert_close(summary(mask), F.elu(summary.affine(mask.flatten(1))))
    assert_close(readout(seen), readout.delta(F.elu(readout.hidden(seen))).tanh())


def test_readouts_start_by_changing_next_to_nothing() -> None:
    readout = DeltaReadout()
    assert readout.delta.weight.abs().max() <= 1e-3
    assert readout.delta.bias.tolist() == [0] * 4
    box, seen = torch.tensor([[50.0, 20.0, 30.0, 10.0]]), torch.randn(1, 110)
    assert_close(BoxReadout()(box, seen, (187, 621)), box, atol=10, rtol=0)
    assert_close(AttentionReadout()(box, seen), box, atol=1e-2, rtol=0)


def test_an_attention_moves_by_at_most_its_gain() -> None:
    readout = AttentionReadout(3, 4)
    with torch.no_grad():
        readout.readout.delta.bias.fill_(1e3)
    moved = readout(torch.zeros(1, 4), torch.randn(1, 3))
    assert moved[0].tolist() == pytest.approx([0.0759] * 4, abs=1e-4)


def test_a_box_is_corrected_in_fractions_of_the_image() -> None:
    readout = BoxReadout(3, 4)
    with torch.no_grad():
        readout.readout.delta.bias.copy_(torch.atanh(torch.tensor([0.1, 0.2, -0.1, 0.3])))
        readout.readout.delta.weight.zero_()
    box = readout(torch.tensor([[50.0, 20.0, 80.0, 10.0]]), torch.randn(1, 3), (100, 200))
    assert_close(box, torch.tensor([[70.0, 40.0, 60.0, 40.0]]))


def test_gradients() -> None:
    seen = torch.randn(2, 5, dtype=torch.float64, requires_grad=True)
    attention = torch.rand(2, 4, dtype=torch.float64, requires_grad=True)
    mask = torch.rand(2, 3, 3, dtype=torch.float64, requires_grad=True)
    move, box = AttentionReadout(5, 6).double(), BoxReadout(5, 6).double()
    summary = MaskSummary(3, 4).double()
    gain = move.gain.detach().requires_grad_()
    assert gradcheck(
        lambda g, a, s: torch.func.functional_call(move, {'gain': g}, (a, s)),
        (gain, attention, seen),
    )
    assert gradcheck(lambda a, s: box(a, s, (7, 9)), (attention, seen))
    assert gradcheck(summary, mask)


def test_places_are_never_in_half_precision() -> None:
    """In bfloat16 300 and 301 pixels are one number."""
    torch.manual_seed(0)
    features = MaskedFeatures(2, 3, 4)
    ventral, grid = torch.rand(1, 2, 3, 3), torch.tensor([[300.0, 301.0, 1.0, 1.0, 4.0, 4.0]])
    box, x = torch.tensor([[300.0, 40.0, 50.0, 60.0]]), torch.rand(1, 5)
    readout = BoxReadout(5, 6)
    whole = features(ventral, None, grid), readout(box, x, (187, 621))
    with torch.autocast('cpu', torch.bfloat16):
        half = features(ventral, None, grid), readout(box, x, (187, 621))
    for a, b in zip(whole, half):
        assert torch.equal(a, b)
