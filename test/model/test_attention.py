# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.autograd import gradcheck
from torch.testing import assert_close

from hart_ros.model.attention import (
    LearntOffset,
    attention_to_box,
    box_to_attention,
    gaussian_filters,
    gaussian_grid,
    normalise_contrast,
    read_glimpse,
    stride_to_sigma,
    target_mask,
)

KITTI = (187, 621)
PLACES = st.floats(-500, 500)
SIZES = st.floats(1, 500)
SIDES = st.integers(2, 2000)


def row(*numbers: float) -> Tensor:
    return torch.tensor([numbers], dtype=torch.float64)


@given(PLACES, PLACES, SIZES, SIZES, SIDES, SIDES)
def test_box_to_attention_to_box_is_the_identity(
    x: float, y: float, w: float, h: float, height: int, width: int
) -> None:
    box = row(x, y, w, h)
    attention = box_to_attention(box, (height, width))
    assert_close(attention_to_box(attention, (height, width)), box, atol=1e-9, rtol=1e-9)


@given(st.tuples(*[st.floats(-1, 2)] * 4), SIDES, SIDES)
def test_attention_to_box_to_attention_is_the_identity(
    numbers: tuple[float, ...], height: int, width: int
) -> None:
    attention = row(*numbers)
    box = attention_to_box(attention, (height, width))
    assert_close(box_to_attention(box, (height, width)), attention, atol=1e-9, rtol=1e-9)


def test_attention_by_hand() -> None:
    """Corner over the image's size, in pixel indices, and window over (the image's size - 1)."""
    attention = box_to_attention(row(310.5 + 0.5, 18.7 + 0.5, 62, 93), KITTI)
    assert_close(attention, row(0.1, 0.5, 0.5, 0.1))


def test_offset_is_small_at_first_and_bounded() -> None:
    offset = LearntOffset()
    assert offset().abs().max() <= 0.25 * 1e-3
    with torch.no_grad():
        offset.b.fill_(1e3)
    assert offset().tolist() == [0.25] * 4


def test_grid_by_hand() -> None:
    grid = gaussian_grid(row(0.1, 0.5, 0.5, 0.1), KITTI, 56)
    start, sigma, stride = grid[0, 0:2], grid[0, 2:4], grid[0, 4:6]
    assert_close(start, row(18.7, 310.5)[0])
    assert_close(stride, row(93 / 55, 62 / 55)[0])
    assert_close(sigma, stride_to_sigma(stride[None])[0])


def test_first_and_last_gaussian_lie_on_the_windows_corners() -> None:
    start, stride = torch.tensor([7.0]), torch.tensor([22 / 11])
    filters = gaussian_filters(start, torch.tensor([0.5]), stride, 12, 40)[0]
    assert filters[0].argmax() == 7
    assert filters[-1].argmax() == 29


@given(st.floats(0.0, 30.0), st.floats(0.3, 3.0), st.floats(0.1, 3.0))
def test_filters_sum_to_one_where_they_lie_on_the_image(
    start: float, sigma: float, stride: float
) -> None:
    filters = gaussian_filters(row(start)[0], row(sigma)[0], row(stride)[0], 4, 41)
    assert_close(filters.sum(-1), torch.ones(1, 4, dtype=torch.float64), atol=1e-6, rtol=0)


@given(st.floats(-60, 100), st.floats(0.3, 1), st.floats(-3, 12))
def test_filters_never_fail(start: float, sigma: float, stride: float) -> None:
    filters = gaussian_filters(row(start)[0], row(sigma)[0], row(stride)[0], 6, 20)
    assert filters.isfinite().all()
    assert filters.sum(-1).max() <= 1 + 1e-5


@given(st.integers(0, 10), st.integers(0, 16))
def test_narrow_gaussians_at_stride_1_read_the_crop(y: int, x: int) -> None:
    """The published deviation blurs at stride 1; the grid itself lies on the pixels."""
    image = torch.rand(1, 3, 20, 26, generator=torch.Generator().manual_seed(1))
    grid = torch.tensor([[y, x, 0.1, 0.1, 1, 1]], dtype=torch.float32)
    assert_close(read_glimpse(image, grid, (8, 8)), image[..., y : y + 8, x : x + 8])


@pytest.mark.parametrize('reverse', [False, True])
def test_pixels_out_of_reach_are_not_missed(reverse: bool) -> None:
    """The same as of the whole images, for windows inside, across an edge and outside."""
    image = torch.rand(4, 3, 60, 90, generator=torch.Generator().manual_seed(1))
    places = [[20, 30, 1.5, 0.5], [50, 80, 2, 2], [-9, -90, 1, 1], [5, 200, 0.7, 3]]
    y, x, stride_y, stride_x = torch.tensor(places).unbind(1)
    stride_x = -stride_x if reverse else stride_x
    sigma = torch.tensor([0.3, 0.6, 0.9, 2.0])
    f_y = gaussian_filters(y, sigma, stride_y, 8, 60)
    f_x = gaussian_filters(x, sigma, stride_x, 12, 90)
    whole = torch.einsum('bnh,bchw,bmw->bcnm', f_y, image, f_x)
    grid = torch.stack((y, x, sigma, sigma, stride_y, stride_x), 1)
    assert_close(read_glimpse(image, grid, (8, 12)), whole, atol=1e-5, rtol=0)


def test_bytes_are_shares_of_255() -> None:
    image = torch.randint(256, (2, 3, 30, 40), dtype=torch.uint8)
    grid = gaussian_grid(row(0.2, 0.3, 0.4, 0.5).float().expand(2, 4), (30, 40), 8)
    assert_close(read_glimpse(image, grid, (8, 8)), read_glimpse(image / 255.0, grid, (8, 8)))


def test_a_grid_that_is_no_number_reads_none() -> None:
    grid = torch.tensor([[torch.nan] * 6, [2, 2, 1, 1, 1, 1]])
    glimpse = read_glimpse(torch.ones(2, 3, 10, 10), grid, (4, 4))
    assert glimpse[0].isnan().all()
    assert_close(glimpse[1], torch.ones(3, 4, 4))


def test_glimpse_of_a_constant_image_is_constant() -> None:
    grid = gaussian_grid(row(0.2, 0.3, 0.4, 0.5), (30, 40), 8)
    image = torch.full((1, 3, 30, 40), 0.6, dtype=torch.float64)
    assert_close(read_glimpse(image, grid, (8, 8)), torch.full((1, 3, 8, 8), 0.6).double())


def test_contrast_spans_zero_to_one_over_all_channels() -> None:
    glimpse = torch.rand(2, 3, 5, 5) * torch.tensor([1.0, 100.0])[:, None, None, None]
    result = normalise_contrast(glimpse)
    assert_close(result.amin((1, 2, 3)), torch.zeros(2))
    assert_close(result.amax((1, 2, 3)), torch.ones(2), atol=1e-4, rtol=0)
    tinted = torch.tensor([0.0, 0.5, 1.0])[:, None, None].expand(1, 3, 4, 4)
    assert_close(normalise_contrast(4 * tinted + 1), tinted, atol=1e-4, rtol=0)  # keeps its hue
    assert_close(normalise_contrast(torch.full((1, 3, 2, 2), 7.0)), torch.zeros(1, 3, 2, 2))


def test_gradients() -> None:
    image = torch.rand(2, 2, 7, 9, dtype=torch.float64, requires_grad=True)
    attention = torch.tensor([[0.1, 0.2, 0.5, 0.6], [-0.1, 0.4, 1.1, 0.3]]).double()
    attention.requires_grad_()

    def glimpse(image: Tensor, attention: Tensor) -> Tensor:
        return normalise_contrast(read_glimpse(image, gaussian_grid(attention, (7, 9), 4), (4, 4)))

    assert gradcheck(glimpse, (image, attention))
    assert gradcheck(lambda a: attention_to_box(a, (7, 9)), attention)
    assert gradcheck(lambda b: box_to_attention(b, (7, 9)), attention)
    assert gradcheck(lambda b: 0.25 * torch.tanh(b), attention)


@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.tuples(st.integers(-20, 50), st.integers(-20, 50), st.integers(1, 50), st.integers(1, 50)),
)
def test_target_mask_is_the_resized_drawing(
    width: int, height: int, box: tuple[int, int, int, int]
) -> None:
    x, y, w, h = box
    drawing = torch.zeros(1, 1, height, width, dtype=torch.float64)
    drawing[..., max(y, 0) : max(y + h, 0), max(x, 0) : max(x + w, 0)] = 1
    resized = F.interpolate(drawing, (14, 14), mode='bilinear', align_corners=False)
    corner = 7.0
    mask = target_mask(row(corner, corner, width, height), row(x + corner, y + corner, w, h), 14)
    assert_close(mask, resized[0])


def test_target_mask_outside_of_the_window_is_empty() -> None:
    window, box = row(10, 10, 20, 20), row(31, 10, 5, 5).requires_grad_()
    mask = target_mask(window, box, 14)
    assert mask.sum() == 0
    assert not mask.requires_grad


@pytest.mark.parametrize('window', [(0, 0, 0, 0), (0, 0, -5, 3), (0, 0, 0.2, 1e4)])
def test_target_mask_of_a_degenerate_window_is_a_mask(window: tuple[float, ...]) -> None:
    mask = target_mask(row(*window), row(0, 0, 5, 5), 14)
    assert mask.isfinite().all()
    assert ((mask >= 0) & (mask <= 1)).all()
