# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import gradcheck
from torch.testing import assert_close

from hart_ros.model.streams import DorsalStream, DynamicConv, MaskedFeatures, VentralStream
from hart_ros.model.v1 import pad_same


def check_gradients(module: nn.Module, *inputs: Tensor) -> None:
    """Gradients of inputs and of all parameters, in double precision."""
    module = module.double()
    names = [name for name, _ in module.named_parameters()]
    values = [p.detach().clone().requires_grad_() for p in module.parameters()]
    count = len(inputs)

    def run(*arguments: Tensor) -> Any:
        parameters = dict(zip(names, arguments[count:]))
        return torch.func.functional_call(module, parameters, arguments[:count])

    doubles = [x.double().requires_grad_() for x in inputs]
    assert gradcheck(run, (*doubles, *values), fast_mode=True)


def test_published_shapes() -> None:
    features, appearance = torch.rand(2, 384, 14, 14), torch.rand(2, 100)
    ventral = VentralStream()(features)
    logits, energy = DorsalStream()(features, appearance)
    assert ventral.shape == (2, 5, 14, 14)
    assert logits.shape == (2, 14, 14)
    assert energy.shape == (2,)
    assert MaskedFeatures()(ventral, logits.sigmoid(), torch.rand(2, 6)).shape == (2, 100)


def test_published_counts_of_generated_weights() -> None:
    dorsal = DorsalStream()
    assert dorsal.select.to_weight.weight.shape == (1920, 100)
    assert dorsal.shape.to_weight.weight.shape == (225, 100)
    assert dorsal.select.to_bias.weight.shape == (5, 100)
    assert dorsal.to_mask.weight.shape == (1, 5, 1, 1)


def test_filter_layers_start_small() -> None:
    conv = DynamicConv(100, 384, 5, 1)
    assert conv.to_weight.weight.abs().max() <= 0.1 * (3 / 100) ** 0.5
    assert conv.to_bias.weight.abs().max() <= 2**0.5 * (3 / 100) ** 0.5
    assert conv.to_bias.weight.abs().max() > 0.1 * (3 / 100) ** 0.5


def test_ventral_statistics_follow_the_published_decay() -> None:
    stream = VentralStream(4, 5, keep=1.0).train()
    features = torch.rand(3, 4, 6, 6)
    stream(features)
    mean = stream.conv(features).mean((0, 2, 3))
    assert stream.norm.running_mean is not None
    assert_close(stream.norm.running_mean, 0.05 * mean)


def test_ventral_dropout_keeps_three_quarters_in_training_only() -> None:
    stream = VentralStream(4, 5)
    dropped = stream.train().dropout(torch.ones(100, 5, 14, 14))
    assert_close(float((dropped > 0).float().mean()), 0.75, atol=0.01, rtol=0)
    features = torch.rand(2, 4, 6, 6)
    stream.eval()
    assert torch.equal(stream(features), stream(features))


def test_features_go_through_elu() -> None:
    stream, masked = VentralStream(4, 5).eval(), MaskedFeatures(5, 6, 7)
    features, grid = torch.randn(2, 4, 6, 6), torch.randn(2, 6)
    ventral = stream(features)
    assert_close(ventral, F.elu(stream.norm(stream.conv(features))))
    assert_close(
        masked(ventral, None, grid), F.elu(masked.affine(torch.cat((ventral.flatten(1), grid), 1)))
    )


def test_each_sample_is_convolved_with_its_own_filters() -> None:
    conv = DynamicConv(7, 3, 4, 3)
    features, appearance = torch.rand(3, 3, 5, 5), torch.randn(3, 7)
    response, energy = conv(features, appearance)
    hidden = F.elu(conv.hidden(appearance))
    weights, biases = conv.to_weight(hidden), conv.to_bias(hidden)
    for k in range(3):
        alone = F.conv2d(
            pad_same(features[k : k + 1], 3), weights[k].view(4, 3, 3, 3), biases[k] + conv.bias
        )
        assert_close(response[k], F.elu(alone)[0])
        generated = torch.cat((weights[k], biases[k]))
        assert_close(energy[k], 0.5 * generated.square().sum())


def test_appearance_moves_the_mask() -> None:
    dorsal, features = DorsalStream(6, 4, 2), torch.rand(1, 4, 5, 5)
    first, _ = dorsal(features, torch.zeros(1, 6))
    second, _ = dorsal(features, torch.randn(1, 6))
    assert not torch.allclose(first, second)


def test_mask_of_ones_is_no_mask() -> None:
    masked = MaskedFeatures(2, 4, 6)
    ventral, grid = torch.randn(3, 2, 4, 4), torch.randn(3, 6)
    assert_close(masked(ventral, torch.ones(3, 4, 4), grid), masked(ventral, None, grid))


def test_masked_out_cells_do_not_matter() -> None:
    masked, mask = MaskedFeatures(2, 4, 6), torch.zeros(1, 4, 4)
    mask[0, 1, 1] = 1
    ventral, grid = torch.randn(1, 2, 4, 4), torch.randn(1, 6)
    other = torch.randn(1, 2, 4, 4)
    other[..., 1, 1] = ventral[..., 1, 1]
    assert_close(masked(ventral, mask, grid), masked(other, mask, grid))


def test_gradients_of_the_ventral_stream() -> None:
    check_gradients(VentralStream(3, 2).eval(), torch.randn(2, 3, 4, 4))
    check_gradients(VentralStream(3, 2, keep=1.0).train(), torch.randn(2, 3, 4, 4))


def test_gradients_of_the_dorsal_stream() -> None:
    check_gradients(DynamicConv(4, 3, 2, 3), torch.randn(2, 3, 4, 4), torch.randn(2, 4))
    check_gradients(DorsalStream(4, 3, 2), torch.randn(2, 3, 4, 4), torch.randn(2, 4))


def test_gradients_of_the_masked_features() -> None:
    check_gradients(
        MaskedFeatures(2, 3, 4), torch.randn(2, 2, 3, 3), torch.rand(2, 3, 3), torch.randn(2, 6)
    )
