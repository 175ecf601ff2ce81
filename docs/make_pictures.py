# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Makes demo.webp and how-it-works.png: the tracker and its tensors on a synthetic drive.

python docs/make_pictures.py            both; with the weights in the package, or --weights FILE
python docs/make_pictures.py --frames 20 --out /tmp
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle
from matplotlib.path import Path as Polyline
from PIL import Image
from torch import Tensor

from hart_ros.data.source import Source, first_box, open_source
from hart_ros.model.hart import HART
from hart_ros.tracking import Tracker, load_model
from hart_ros.tracking.draw import BOX, WINDOW, draw_debug, glimpse_panel
from hart_ros.tracking.types import BoxXYWH

Inches = tuple[float, float]

SIZE = (640, 192)  # pixels of the drive
GLIMPSE = 72  # pixels of the glimpse in the corner of the film
SHOWN = 12  # frame of the figure: the memory has seen something by then

# Of the figure, in inches: left, bottom, width, height.
PAPER = (10.6, 5.5)
PLACES = {
    'frame': (0.1, 4.05, 4.0, 1.2),
    'result': (6.5, 4.05, 4.0, 1.2),
    'glimpse': (0.1, 1.1, 1.4, 1.4),
    'v1': (2.1, 1.1, 1.4, 1.4),
    'responses': (4.1, 2.05, 1.4, 1.4),
    'mask': (6.1, 2.05, 1.4, 1.4),
    'ventral': (4.1, 0.1, 1.4, 1.4),
    'masked': (6.1, 0.1, 1.4, 1.4),
    'memory': (8.6, 1.4, 1.6, 0.8),
}
ARROWS = (
    ((0.8, 3.98), (0.8, 2.8)),
    ((1.55, 1.8), (2.05, 1.8)),
    ((3.55, 2.0), (4.05, 2.6)),
    ((3.55, 1.6), (4.05, 1.0)),
    ((5.55, 2.75), (6.05, 2.75)),
    ((5.55, 0.8), (6.05, 0.8)),
    ((6.8, 2.0), (6.8, 1.78)),
    ((7.55, 0.9), (8.55, 1.6)),
    ((7.55, 2.65), (8.55, 2.0)),
    ((9.4, 2.45), (9.4, 3.98)),
)
FEEDBACK = ((9.0, 2.45), (9.0, 3.85), (4.8, 3.85), (4.8, 3.68))


def main() -> None:
    """Run the command."""
    matplotlib.use('Agg')
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument('--seed', type=int, default=0, metavar='N', help='of the drive (0)')
    parser.add_argument('--frames', type=int, default=60, metavar='N', help='of the film (60)')
    parser.add_argument('--quality', type=int, default=35, metavar='Q', help='of the film (35)')
    parser.add_argument('--weights', type=Path, metavar='FILE', help='else the shipped ones')
    parser.add_argument('--out', type=Path, default=Path(__file__).parent, metavar='FOLDER')
    args = parser.parse_args()
    source = open_source(f'synthetic:{args.seed}', size=SIZE, frames=max(args.frames, SHOWN + 1))
    film = make_film(source, Tracker(args.weights, 'cpu', 1), args.frames)
    first, *rest = (Image.fromarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)) for picture in film)
    milliseconds = round(1000 / source.fps)
    first.save(
        args.out / 'demo.webp',
        save_all=True,
        append_images=rest,
        duration=milliseconds,
        loop=0,
        quality=args.quality,
        method=6,
    )
    model = load_model(args.weights, torch.device('cpu'))
    assert isinstance(model, HART), 'the figure is of the shipped network'
    draw_figure(source, model, args.out / 'how-it-works.png')


def make_film(source: Source, tracker: Tracker, frames: int) -> list[np.ndarray]:
    """Debug images with the glimpse in a corner, (H, W, 3) BGR."""
    start, _, box = first_box(source)
    film, trail = [], []
    for frame in (source[index] for index in range(start, frames)):
        if frame.index == start:
            track = tracker.init(frame.image, box)
        else:
            track = tracker.update(frame.image)
        x, y, w, h = track.box
        trail.append((x + w / 2, y + h / 2))
        picture = draw_debug(frame.image, track, trail[-50:])
        left = 0 if x + w / 2 > SIZE[0] / 2 else SIZE[0] - 2 * GLIMPSE
        picture[:GLIMPSE, left : left + 2 * GLIMPSE] = glimpse_panel(track, GLIMPSE)
        film.append(picture)
    return film


def draw_figure(source: Source, model: HART, path: Path) -> None:
    """The figure of the paper, each part drawn as what it holds in one frame."""
    seen = look(source, model)
    figure = plt.figure(figsize=PAPER)
    axes = {name: add_axes(figure, *place) for name, place in PLACES.items()}
    show(axes['frame'], seen['frame'], 'frame, last box, window')
    outline(axes['frame'], seen['last_box'], 'white', '--')
    outline(axes['frame'], seen['window'], colour(WINDOW))
    show(axes['result'], seen['frame'], f'box (score {seen["score"]:.2f}), next window')
    outline(axes['result'], seen['box'], colour(BOX))
    outline(axes['result'], seen['next_window'], colour(WINDOW), '--')
    show(axes['glimpse'], seen['glimpse'], 'glimpse')
    show(axes['v1'], in_colours(seen['v1'])[0], 'V1')
    show(axes['responses'], mosaic(seen['responses']), 'dorsal: responses')
    show(axes['mask'], seen['mask'], 'appearance mask')
    ventral, masked = in_colours(seen['ventral'], seen['masked'])
    show(axes['ventral'], ventral, 'ventral')
    show(axes['masked'], masked, 'ventral under the mask')
    show(axes['memory'], seen['memory'], 'LSTM')
    for places in ARROWS:
        draw_arrow(figure, places)
    draw_arrow(figure, FEEDBACK, '--')
    figure.text(4.9 / PAPER[0], 3.91 / PAPER[1], 'next filters', fontsize=9)
    figure.savefig(path, dpi=90)
    plt.close(figure)


def add_axes(figure: Figure, x: float, y: float, width: float, height: float) -> Axes:
    """Axes at a place in inches."""
    return figure.add_axes((x / PAPER[0], y / PAPER[1], width / PAPER[0], height / PAPER[1]))


def draw_arrow(figure: Figure, places: Sequence[Inches], style: str = '-') -> None:
    """An arrow along places in inches."""
    arrow = FancyArrowPatch(
        path=Polyline(places),
        transform=figure.dpi_scale_trans,
        arrowstyle='-|>',
        mutation_scale=12,
        linestyle=style,
        color='0.3',
    )
    figure.add_artist(arrow)


@torch.no_grad()
def look(source: Source, model: HART) -> dict:
    """What the network holds when it has seen frame `SHOWN`."""
    start, _, box = first_box(source)
    held: dict[str, Tensor] = {}
    model.v1.register_forward_hook(lambda _, given, made: held.update(v1=made))
    model.ventral.register_forward_hook(lambda _, given, made: held.update(ventral=made))
    model.dorsal.near.register_forward_hook(lambda _, given, made: held.update(responses=given[0]))
    state = model.init(tensor_of(source[start].image), torch.tensor([box]))
    for index in range(start + 1, SHOWN + 1):
        before = state
        step, state = model.step(tensor_of(source[index].image), state)
    mask = step.mask[0]
    return {
        'frame': cv2.cvtColor(source[SHOWN].image, cv2.COLOR_BGR2RGB),
        'last_box': before.box_xywh[0].tolist(),
        'window': step.window_xywh[0].tolist(),
        'box': step.box_xywh[0].tolist(),
        'next_window': model.next_window_xywh(state)[0].tolist(),
        'score': float(step.score[0]),
        'glimpse': step.glimpse[0].permute(1, 2, 0).clamp(0, 1).numpy(),
        'v1': held['v1'][0].numpy(),
        'responses': held['responses'][0, : model.config.template_grid**2].numpy(),
        'mask': mask.numpy(),
        'ventral': held['ventral'][0].numpy(),
        'masked': (held['ventral'][0] * mask).numpy(),
        'memory': state.output[0].reshape(8, -1).numpy(),
    }


def tensor_of(frame: np.ndarray) -> Tensor:
    """(H, W, 3) BGR uint8 to (1, 3, H, W) RGB in [0, 1]."""
    return torch.from_numpy(frame[..., ::-1].copy()).permute(2, 0, 1)[None] / 255


def in_colours(features: np.ndarray, *others: np.ndarray) -> list[np.ndarray]:
    """Feature maps (C, S, S) as pictures (S, S, 3) of their three main components, of the first."""
    flat = features.reshape(len(features), -1).T
    mean = flat.mean(0)
    directions = np.linalg.svd(flat - mean, full_matrices=False)[2][:3].T
    low, high = np.percentile((flat - mean) @ directions, (2, 98), axis=0)
    pictures = []
    for maps in (features, *others):
        values = (maps.reshape(len(maps), -1).T - mean) @ directions
        picture = ((values - low) / (high - low)).clip(0, 1)
        pictures.append(picture.reshape(*maps.shape[1:], 3))
    return pictures


def mosaic(maps: np.ndarray) -> np.ndarray:
    """(N * N, S, S) as N by N pictures in one, with lines between them."""
    side = round(len(maps) ** 0.5)
    framed = np.pad(maps, ((0, 0), (0, 1), (0, 1)), constant_values=np.nan)
    rows = [np.hstack(framed[i : i + side]) for i in range(0, len(maps), side)]
    return np.vstack(rows)[:-1, :-1]


def show(axes: Axes, picture: np.ndarray, title: str) -> None:
    """A picture under a title."""
    axes.imshow(picture, cmap='magma')
    axes.set_title(title, fontsize=10)
    axes.set_axis_off()


def outline(axes: Axes, box: BoxXYWH | Sequence[float], line: str, style: str = '-') -> None:
    """A box on a frame, whose pixels are drawn around whole numbers."""
    x, y, w, h = box
    axes.add_patch(
        Rectangle((x - 0.5, y - 0.5), w, h, fill=False, color=line, linestyle=style, linewidth=2)
    )


def colour(bgr: tuple[int, int, int]) -> tuple[float, ...]:
    """As matplotlib has it."""
    return tuple(value / 255 for value in bgr[::-1])


if __name__ == '__main__':
    main()
