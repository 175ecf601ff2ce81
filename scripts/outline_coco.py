# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Draws the outlines of COCO annotations beside their photographs, for data.stills of hart-train.

python scripts/outline_coco.py instances_val2017.json val2017
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np

MOST = 255  # things that one mask can number


def draw(things: list[dict], width: int, height: int) -> np.ndarray:
    """A mask (H, W) uint8 of numbered things; the smaller ones lie over the larger."""
    mask = np.zeros((height, width), np.uint8)
    for number, thing in enumerate(sorted(things, key=lambda k: -k['area'])[:MOST], start=1):
        pieces = [np.rint(np.reshape(p, (-1, 2))).astype(np.int32) for p in thing['segmentation']]
        cv2.fillPoly(mask, pieces, number)
    return mask


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('annotations', type=Path, help='instances_*.json')
    parser.add_argument('photographs', type=Path, help='the folder that holds them')
    args = parser.parse_args()
    known = json.loads(args.annotations.read_text(encoding='utf-8'))
    things: dict[int, list[dict]] = defaultdict(list)
    for thing in known['annotations']:
        if not thing['iscrowd']:  # crowds are not outlined one by one
            things[thing['image_id']].append(thing)
    drawn = 0
    for image in known['images']:
        photograph = args.photographs / image['file_name']
        if photograph.is_file():
            mask = draw(things[image['id']], image['width'], image['height'])
            cv2.imwrite(str(photograph.with_suffix('.mask.png')), mask)
            drawn += 1
    print(f'{drawn} of {len(known["images"])} photographs outlined in {args.photographs}')


if __name__ == '__main__':
    main()
