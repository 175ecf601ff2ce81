# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
import pytest
import torch
from torch.autograd import gradcheck
from torch.testing import assert_close

from hart_ros.model.v1 import V1, LocalResponseNorm, pad_same


@pytest.mark.parametrize(
    ('size', 'kernel', 'stride', 'outputs'), [(56, 11, 4, 14), (14, 5, 1, 14), (7, 3, 2, 4)]
)
def test_same_padding_gives_ceil_of_size_over_stride(
    size: int, kernel: int, stride: int, outputs: int
) -> None:
    padded = pad_same(torch.zeros(1, 1, size, size + stride), kernel, stride)
    filters = torch.ones(1, 1, kernel, kernel)
    assert torch.conv2d(padded, filters, stride=stride).shape[-2:] == (outputs, outputs + 1)


def test_same_padding_puts_the_odd_pixel_last() -> None:
    padded = pad_same(torch.ones(1, 1, 8, 8), 11, 4)  # 7 pixels in all, on each axis
    assert padded.shape == (1, 1, 15, 15)
    assert padded[0, 0, :, 7].nonzero().flatten().tolist() == list(range(3, 11))


def test_response_norm_by_hand() -> None:
    x = torch.tensor([1.0, 2.0, 3.0, 4.0]).reshape(1, 4, 1, 1)
    sums = torch.tensor([1 + 4 + 9, 30.0, 30.0, 4 + 9 + 16]).reshape(1, 4, 1, 1)
    norm = LocalResponseNorm(radius=2, alpha=0.1, beta=0.75)
    assert_close(norm(x), x / (1 + 0.1 * sums) ** 0.75)


def test_published_shapes() -> None:
    v1 = V1()
    assert v1.conv1.weight.shape == (96, 3, 11, 11)
    assert v1.conv2.weight.shape == (256, 48, 5, 5)
    assert v1.conv3.weight.shape == (384, 256, 3, 3)
    assert v1(torch.rand(2, 3, 56, 56)).shape == (2, 384, 14, 14)


def test_brightness_of_a_channel_does_not_matter() -> None:
    v1, glimpse = V1((4, 4, 6)), torch.rand(2, 3, 16, 16)
    tint = torch.tensor([0.3, -0.2, 0.1])[:, None, None]
    assert_close(v1(glimpse + tint), v1(glimpse), atol=1e-5, rtol=1e-4)


def test_gradients() -> None:
    v1 = V1((4, 4, 6)).double()
    glimpse = torch.rand(1, 3, 8, 8, dtype=torch.float64, requires_grad=True)
    parameters = [p.detach().requires_grad_() for p in v1.parameters()]
    names = [name for name, _ in v1.named_parameters()]

    def run(glimpse: torch.Tensor, *values: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(v1, dict(zip(names, values)), (glimpse,))

    assert gradcheck(run, (glimpse, *parameters), fast_mode=True)


def test_load_imagenet_takes_what_it_needs() -> None:
    v1 = V1()
    weights = {name: torch.rand_like(value) for name, value in v1.state_dict().items()}
    v1.load_imagenet({**weights, 'conv4.weight': torch.zeros(1)})
    assert_close(v1.conv2.weight.detach(), weights['conv2.weight'])
    with pytest.raises(ValueError, match=r'conv3\.bias is missing'):
        v1.load_imagenet({k: v for k, v in weights.items() if k != 'conv3.bias'})
    with pytest.raises(ValueError, match=r'conv2\.weight is .* two groups'):
        v1.load_imagenet({**weights, 'conv2.weight': torch.zeros(256, 96, 5, 5)})
