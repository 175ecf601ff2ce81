# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Smooth irregular functions of time or place."""

from __future__ import annotations

import numpy as np


class Wobble:
    """A sum of three sines, with its slope and its integral in closed form.

    Args:
        rng: random numbers.
        amplitude: bound of the absolute value.
        periods: shortest and longest period.
    """

    def __init__(
        self, rng: np.random.Generator, amplitude: float, periods: tuple[float, float]
    ) -> None:
        share = rng.dirichlet(np.ones(3) * 3)
        self._amplitude = amplitude * share
        self._rate = 2 * np.pi / rng.uniform(*periods, 3)
        self._phase = rng.uniform(0, 2 * np.pi, 3)

    def __call__(self, x: float) -> float:
        """Return the value at x."""
        return float(self._amplitude @ np.sin(self._rate * x + self._phase))

    def many(self, x: np.ndarray) -> np.ndarray:
        """Return the values at all x."""
        return np.sin(x[..., None] * self._rate + self._phase) @ self._amplitude

    def slope(self, x: float) -> float:
        """Return the derivative at x."""
        return float((self._amplitude * self._rate) @ np.cos(self._rate * x + self._phase))

    def integral(self, x: float) -> float:
        """Return the integral from 0 to x."""
        swing = np.cos(self._phase) - np.cos(self._rate * x + self._phase)
        return float((self._amplitude / self._rate) @ swing)
