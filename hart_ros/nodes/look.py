# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The tracker, asked so that nothing which goes wrong in one frame or target gets any further."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from hart_ros.nodes.frame_buffer import Frame
from hart_ros.nodes.image_codec import ImageError
from hart_ros.nodes.reporting import Reporter
from hart_ros.nodes.target import BoxRequest, Target
from hart_ros.tracking.types import InvalidBoxError, InvalidFrameError, Track, check_frame

Hit = tuple[Track, Any]  # and the tracker's TargetState after it
BLANK = 3  # of 255: an image of less contrast shows nothing (12-bit pixels in mono16 have 16)


class Look:
    """Decodes frames, finds and starts targets in them."""

    def __init__(self, tracker: Any, decode: Callable[[Any], np.ndarray], report: Reporter) -> None:
        self.failure = ''  # the last error of the tracker itself, until it works again
        self._tracker = tracker
        self._decode = decode
        self._report = report

    def decode(self, frame: Frame) -> np.ndarray | None:
        """Return the image, (H, W, 3) or (H, W) uint8, or None if it is none, and say so."""
        try:
            image = self._decode(frame.message)
            check_frame(image)
            return image
        except ImageError as error:
            self._report.warn(f'image {error.field}', f'image skipped: {error}')
        except InvalidFrameError as error:
            self._report.warn('image', f'image skipped: {error}')
        except Exception as error:
            self._fail(error)
        return None

    def find(self, image: np.ndarray, targets: Sequence[Target]) -> list[Hit | None]:
        """Find targets in one pass; None for each in which the tracker fails."""
        if not targets:
            return []
        try:
            found = self._tracker.update_many(image, [target.state for target in targets])
        except Exception as error:
            if len(targets) > 1:  # whose fault is it?
                return [hit for target in targets for hit in self.find(image, [target])]
            self._fail(error)
            return [None]
        hits = [hit if self._is_sound(*hit) else None for hit in found]
        # All pixels are asked only if every eighth row is blank: of 4K they cost a millisecond.
        if np.ptp(image[::8]) > BLANK or np.ptp(image) > BLANK:
            return hits
        self._report.warn(
            'blank',
            f'the image shows nothing, its contrast is {np.ptp(image)} of 255: targets wait where '
            'they are; is the camera covered, or has it 10 to 14 bits in an encoding of 16, such '
            'as mono16? Then publish 16UC1',
        )
        # A covered or dazzled camera: the targets wait where they are, or they would drift away.
        return [hit and _unseen(hit, target.state) for hit, target in zip(hits, targets)]

    def start(self, image: np.ndarray, request: BoxRequest) -> Hit | None:
        """Look at a new target; None where the tracker fails.

        Raises:
            InvalidBoxError: the box is none of this image.
        """
        try:
            state = self._tracker.init(image, request.box)
            return self._tracker.first_track(image, state), state
        except InvalidBoxError:
            raise
        except Exception as error:
            self._fail(error)
            return None

    def _is_sound(self, track: Track, _: Any) -> bool:
        if all(map(math.isfinite, (*track.box, track.score))):
            return True
        self._fail(ArithmeticError(f'the box found is {track.box}, its score {track.score}'))
        return False

    def _fail(self, error: Exception) -> None:
        self.failure = f'{type(error).__name__}: {error}'.splitlines()[0]
        self._report.error(type(error).__name__, f'frame skipped: {self.failure}', error)


def _unseen(hit: Hit, before: Any) -> Hit:
    """The box of before, in pixels of this frame, and nothing learnt."""
    track, after = hit
    (width, height), (old_width, old_height) = after.frame_size, before.frame_size
    scales = width / old_width, height / old_height
    x, y, w, h = (side * scale for side, scale in zip(before.box, scales * 2))
    return replace(track, box=(x, y, w, h), score=0.0), before
