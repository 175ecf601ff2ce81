# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.autograd import gradcheck
from torch.testing import assert_close

from hart_ros.model.glimpse import (
    gaussian_glimpse,
    gaussian_matrix,
    sigma_of_stride,
    standardise,
    window_centres,
)

HALF_A_GREY_LEVEL = 0.5 / 255
HEIGHT, WIDTH, G = 40, 60, 12


def picture(dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.rand(1, 3, HEIGHT, WIDTH, dtype=dtype, generator=torch.Generator().manual_seed(1))


def window(x: float, y: float, w: float, h: float) -> Tensor:
    return torch.tensor([[x, y, w, h]], dtype=torch.float64)


@given(st.integers(1, WIDTH - G - 1), st.integers(1, HEIGHT - G - 1))
def test_aligned_window_at_stride_1_is_the_crop(x: int, y: int) -> None:
    image = picture()
    glimpse, coverage = gaussian_glimpse(image, window(x, y, G, G), G)
    assert_close(glimpse, image[..., y : y + G, x : x + G], atol=HALF_A_GREY_LEVEL, rtol=0)
    assert_close(coverage, torch.ones_like(coverage), atol=1e-5, rtol=0)


@given(st.integers(-G + 1, WIDTH - 1), st.integers(-G + 1, HEIGHT - 1))
def test_window_over_the_edge_is_the_crop_with_zeros_around(x: int, y: int) -> None:
    image = picture()
    around = torch.nn.functional.pad(image, (G, G, G, G))
    inside = torch.nn.functional.pad(torch.ones(1, 1, HEIGHT, WIDTH).double(), (G, G, G, G))
    glimpse, coverage = gaussian_glimpse(image, window(x, y, G, G), G)
    rows, columns = slice(y + G, y + 2 * G), slice(x + G, x + 2 * G)
    assert_close(glimpse, around[..., rows, columns], atol=HALF_A_GREY_LEVEL, rtol=0)
    assert_close(coverage, inside[..., rows, columns], atol=1e-3, rtol=0)


@given(st.sampled_from([(-100, 5), (WIDTH + 50, 5), (5, -100), (5, HEIGHT + 50)]))
def test_window_outside_the_image_is_empty(corner: tuple[int, int]) -> None:
    glimpse, coverage = gaussian_glimpse(picture(), window(*corner, 20, 20), G)
    assert glimpse.abs().max() == 0
    assert coverage.abs().max() == 0


@given(st.floats(-80, 80), st.floats(-80, 80), st.floats(0.5, 200), st.floats(0.5, 200))
def test_any_window_gives_a_glimpse_within_the_images_range(
    x: float, y: float, w: float, h: float
) -> None:
    glimpse, coverage = gaussian_glimpse(picture(), window(x, y, w, h), G)
    assert glimpse.isfinite().all()
    assert glimpse.min() >= -1e-9
    assert glimpse.max() <= 1 + 5e-3
    assert coverage.min() >= 0
    assert coverage.max() <= 1


@given(
    st.floats(14, 20), st.floats(10, 14), st.floats(6, 24), st.integers(-4, 4), st.integers(-4, 4)
)
def test_glimpse_moves_with_the_image(x: float, y: float, w: float, right: int, down: int) -> None:
    image = picture()
    moved = image.roll((down, right), (-2, -1))
    there, _ = gaussian_glimpse(image, window(x, y, w, w / 2), G)
    here, _ = gaussian_glimpse(moved, window(x + right, y + down, w, w / 2), G)
    assert_close(here, there)


@given(st.floats(12, 20), st.floats(8, 14), st.floats(6, 24))
def test_mirrored_image_gives_a_mirrored_glimpse(x: float, y: float, w: float) -> None:
    image = picture()
    glimpse, _ = gaussian_glimpse(image, window(x, y, w, w / 2), G)
    mirrored, _ = gaussian_glimpse(image.flip(-1), window(WIDTH - x - w, y, w, w / 2), G)
    assert_close(mirrored, glimpse.flip(-1), atol=1e-9, rtol=0)


@given(st.floats(10, 14), st.floats(10, 14), st.floats(12, 30), st.floats(12, 15))
def test_a_ramp_is_read_at_the_cells_centres(x: float, y: float, w: float, h: float) -> None:
    """The mean of a Gaussian's weights is its centre; a narrow one leans to the nearest pixel."""
    columns = torch.arange(WIDTH, dtype=torch.float64) + 0.5
    image = columns.expand(1, 1, HEIGHT, WIDTH)
    glimpse, coverage = gaussian_glimpse(image, window(x, y, w, h), G)
    centres, _ = window_centres(window(x, y, w, h)[:, 0], window(x, y, w, h)[:, 2], G)
    read = glimpse / coverage
    assert_close(read[0, 0], centres.expand(G, G), atol=0.3, rtol=0)
    if w / G > 2:
        assert_close(read[0, 0], centres.expand(G, G), atol=1e-2, rtol=0)


def test_a_wide_stride_averages() -> None:
    """A checkerboard of single pixels turns grey instead of aliasing."""
    board = (torch.arange(HEIGHT)[:, None] + torch.arange(WIDTH)) % 2
    glimpse, _ = gaussian_glimpse(board[None, None].double(), window(6, 2, 48, 36), G)
    assert_close(glimpse, torch.full_like(glimpse, 0.5), atol=1e-2, rtol=0)


@pytest.mark.parametrize('sigma', [0.2, 0.25, 0.4, 0.59, 0.61, 1.0, 3.0])
def test_weights_sum_to_one_well_inside(sigma: float) -> None:
    centres = 20 + torch.linspace(0, 1, 21, dtype=torch.float64)[None]
    matrix = gaussian_matrix(centres, torch.tensor([sigma], dtype=torch.float64), 40)
    assert_close(matrix.sum(-1), torch.ones(1, 21, dtype=torch.float64), atol=2e-3, rtol=0)


def test_sigma_grows_with_stride_and_has_a_floor() -> None:
    sigma = sigma_of_stride(torch.tensor([0.0, 1.0, 2.0, 4.0]))
    assert sigma.tolist() == pytest.approx([0.25, 0.25, 0.7, 1.6])
    assert sigma_of_stride(torch.tensor([1.0]), 0.4).item() == pytest.approx(0.4)


def test_each_target_reads_its_own_image_and_window() -> None:
    images = torch.rand(2, 3, HEIGHT, WIDTH)
    windows = torch.tensor([[5.0, 6.0, 20.0, 15.0], [30.0, 1.0, 10.0, 30.0]])
    both, coverage = gaussian_glimpse(images, windows, G)
    for k in range(2):
        alone, covered = gaussian_glimpse(images[k : k + 1], windows[k : k + 1], G)
        assert_close(both[k], alone[0])
        assert_close(coverage[k], covered[0])


def test_gradients() -> None:
    image = torch.rand(2, 2, 9, 11, dtype=torch.float64, requires_grad=True)
    windows = torch.tensor([[2.2, 1.4, 5.3, 6.1], [-1.3, 3.2, 9.4, 8.7]]).double().requires_grad_()
    assert gradcheck(lambda i, w: gaussian_glimpse(i, w, 4), (image, windows))


@given(st.floats(0.2, 5), st.floats(-2, 2), st.floats(-8, 50))
def test_standardise_takes_out_light_and_contrast(gain: float, offset: float, x: float) -> None:
    glimpse, coverage = gaussian_glimpse(picture(), window(x, 10, 20, 15), G)
    brighter = gain * glimpse + offset * coverage
    assert_close(
        standardise(brighter, coverage), standardise(glimpse, coverage), atol=0.1, rtol=0.05
    )


def test_standardise_gives_zero_mean_and_unit_deviation() -> None:
    glimpse, coverage = gaussian_glimpse(picture(), window(10, 10, 20, 15), G)
    result = standardise(glimpse, coverage)
    assert float(result.mean()) == pytest.approx(0, abs=1e-4)
    assert float(result.std()) == pytest.approx(1, abs=1e-2)


def test_standardise_of_nothing_is_zero() -> None:
    nothing = torch.zeros(1, 3, G, G)
    assert_close(standardise(nothing, nothing[:, :1]), nothing)
    constant = torch.full((1, 3, G, G), 0.7)
    assert_close(standardise(constant, torch.ones(1, 1, G, G)), nothing, atol=1e-4, rtol=0)


def test_standardise_gradients() -> None:
    glimpse = torch.rand(2, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    coverage = torch.rand(2, 1, 4, 4, dtype=torch.float64, requires_grad=True)
    assert gradcheck(standardise, (glimpse, coverage))
