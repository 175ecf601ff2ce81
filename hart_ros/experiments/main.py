# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The experiments with RATM, as published and as reproduced, side by side.

hart-experiment ratm-balls: bouncing balls, taught by the last frame alone. ratm-balls-all: by all
frames. ratm-mnist1, ratm-mnist2: one moving digit, or one of two. ratm-kth: people, each subject
left out in turn. What was stopped goes on; what is trained is only measured. Leaves result.json,
weights that the node and hart-evaluate take, and a figure as in the paper.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import torch

from hart_ros.apps.arguments import count, whole
from hart_ros.data.source import SourceError
from hart_ros.model.ratm import RATM
from hart_ros.tracking import save_weights
from hart_ros.training.memory import keep_memory
from hart_ros.training.settings import ConfigError

from .balls import Balls
from .digits import MovingDigits, accuracy, new_classifier, still_loss
from .fit import ExperimentError, Recipe, Stopped, fit
from .kth import leave_out, load_subjects
from .mnist import MnistError, load_mnist
from .picture import draw_followed
from .report import Result, Row
from .videos import CLASSIFIER, TEST, Measured, Task, generator, measure, steps_of

STILL = Recipe(3000, 128, 0.001)
STILL_PUBLISHED = Recipe(20000, 128, 0.01, 'sgd', 0.9, 5.0)


@dataclass(frozen=True)
class Videos:
    """An experiment on generated videos."""

    task: Callable[[argparse.Namespace], Task]
    frames: tuple[int, int]  # of the training's videos, least and most
    ours: Recipe
    published: Recipe
    lines: tuple[Measured, ...]
    columns: int  # of the figure


# 200 epochs of 100,000 videos, as published, are 1,250,000 steps.
BALLS_PUBLISHED = Recipe(1_250_000, 16, 0.01, 'sgd')
BALLS = Recipe(20_000, 64, 0.001)
LONG = (
    Measured('all of 300 frames', 300, 1000),
    Measured('last of 300 frames', 300, 1000, last=True),
)
MNIST_PUBLISHED = Recipe(32_000, 32, 0.001, 'sgd', 0.9)
# At 0.001 it comes to nothing. One digit has to be found in the whole frame, which takes longer.
ONE_DIGIT, TWO_DIGITS = Recipe(32_000, 32, 0.0003), Recipe(16_000, 32, 0.0003)
EXPERIMENTS = {
    'ratm-balls': Videos(
        lambda options: Balls(last_only=True),
        # Taught by the 32nd frame alone, it learns to find the ball just before that one. A ball
        # that has been lost until then leaves an empty glimpse, which has no gradient.
        (8, 32),
        BALLS,
        BALLS_PUBLISHED,
        (
            Measured('last of 32 frames', 32, 10_000, 69.15, last=True),
            Measured('all of 32 frames', 32, 10_000, 54.65),
            *LONG,
        ),
        16,
    ),
    'ratm-balls-all': Videos(
        lambda options: Balls(last_only=False),
        (32, 32),
        BALLS,
        BALLS_PUBLISHED,
        (Measured('all of 32 frames', 32, 10_000, 66.86), *LONG),
        16,
    ),
    'ratm-mnist1': Videos(
        lambda options: _moving_digits(1, options),
        (2, 10),
        ONE_DIGIT,
        MNIST_PUBLISHED,
        (Measured('all of 30 frames', 30, 10_000, 63.53),),
        15,
    ),
    'ratm-mnist2': Videos(
        lambda options: _moving_digits(2, options),
        (2, 10),
        TWO_DIGITS,
        MNIST_PUBLISHED,
        (Measured('all of 30 frames', 30, 5_000, 51.62),),
        15,
    ),
}
KTH = 'ratm-kth'
# The paper gives no number of steps here.
KTH_RECIPES = Recipe(2000, 64, 0.001), Recipe(5000, 16, 0.0003)
KTH_PUBLISHED = Recipe(10_000, 64, 0.01, 'sgd', 0.9), Recipe(20_000, 16, 0.001, 'sgd')


def main(argv: list[str] | None = None) -> int:
    """Trains what is not trained yet, measures and prints; returns the exit status."""
    argv = sys.argv[1:] if argv is None else argv
    options = _parser().parse_args(argv)
    options.out = options.out or Path('runs', options.experiment)
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(options.threads)
    keep_memory()
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        run = _kth if options.experiment == KTH else _videos
        result = run(options)
        result.write(options.out / 'result.json', shlex.join(['hart-experiment', *argv]))
    except Stopped as stopped:
        print(f'hart-experiment: {stopped}', file=sys.stderr)
        return 130
    except KeyboardInterrupt:
        return 130
    except (ConfigError, ExperimentError, MnistError, SourceError, OSError) as error:
        print(f'hart-experiment: {error}', file=sys.stderr)
        return 2
    print(result.markdown() if options.markdown else result.table())
    print('\n'.join(str(p) for p in sorted(options.out.glob('*.*')) if p.suffix != '.pt'))
    return 0


def _videos(options: argparse.Namespace) -> Result:
    """An experiment on generated videos."""
    experiment = EXPERIMENTS[options.experiment]
    task, out, seed = experiment.task(options), options.out, options.seed
    recipe = _recipe(experiment.published if options.published else experiment.ours, options)
    torch.manual_seed(seed)
    model = RATM(task.config)
    loss = steps_of(task, model, seed, recipe.batch, experiment.frames)
    least, most = experiment.frames
    learnt = f'{options.experiment}, {least} to {most} frames'
    seconds = fit(model, recipe, loss, out / 'last.pt', seed, learnt)
    save_weights(model, out / 'final.safetensors', {'experiment': options.experiment})
    rows = measure(model, task, experiment.lines, seed, options.test)
    frames = experiment.lines[0].frames
    clips = task.test_clips(generator(seed, TEST, frames, 0), 1, frames)
    draw_followed(model, clips, experiment.columns, out / 'figure.png')
    return Result(options.experiment, rows, seed, recipe.words(), seconds)


def _moving_digits(count: int, options: argparse.Namespace) -> MovingDigits:
    """The task, with a classifier that is trained first."""
    if options.data is None:
        raise MnistError('MNIST is needed: give the folder of mnist.npz or its IDX files by --data')
    training, test = load_mnist(options.data)
    classifier, seed = new_classifier(), options.seed
    recipe = STILL_PUBLISHED if options.published else STILL
    recipe = replace(recipe, steps=min(recipe.steps, options.steps or recipe.steps))

    def loss(step: int) -> torch.Tensor:
        return still_loss(classifier, training, generator(seed, CLASSIFIER, step), recipe.batch)

    fit(classifier, recipe, loss, options.out / 'classifier.pt', seed, 'classes of digits')
    print(f'classifier: {100 * accuracy(classifier, test):.2f}% of the test digits')
    return MovingDigits(count, training, test, classifier.eval().requires_grad_(False))


def _kth(options: argparse.Namespace) -> Result:
    """Each subject left out in turn."""
    if options.data is None:
        raise ExperimentError('KTH is needed: give a folder of NAME.avi and NAME.csv by --data')
    subjects = load_subjects(options.data, options.out / 'cache')
    cnn, rest = KTH_PUBLISHED if options.published else KTH_RECIPES
    cnn, rest = _recipe(cnn, options), _recipe(rest, options)
    unknown = set(options.subjects or ()) - set(subjects)
    if unknown:
        raise ExperimentError(f'--subjects: no {min(unknown)}; there are {", ".join(subjects)}')
    ious, seconds = {}, 0.0
    for number, subject in enumerate(options.subjects or subjects, 1):
        done = leave_out(subject, subjects, (cnn, rest), options.out / subject, options.seed)
        ious[subject] = 100 * done['iou']
        seconds += done['seconds']
        mean = np.mean(list(ious.values()))
        print(f'{subject}: {ious[subject]:.2f}, mean of {number}: {mean:.2f}', flush=True)
    what = f'whole tests, {len(ious)} subjects left out'
    tested = sum(len(subjects[name]) for name in ious)
    row = Row(what, tested, 55.03, round(float(np.mean(list(ious.values()))), 2))
    return Result(KTH, [row], options.seed, f'each {rest.words()}', seconds)


def _recipe(recipe: Recipe, options: argparse.Namespace) -> Recipe:
    return replace(recipe, steps=options.steps or recipe.steps)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        'hart-experiment', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add('experiment', choices=[*EXPERIMENTS, KTH], help='see above')
    add('--data', type=Path, metavar='FOLDER', help='of MNIST, or of KTH')
    add('--out', type=Path, metavar='FOLDER', help='for all that it leaves (runs/EXPERIMENT)')
    add('--seed', type=count, default=0, metavar='N', help='of weights and videos (0)')
    add('--steps', type=whole, metavar='N', help='of the optimiser, in place of the usual number')
    add('--published', action='store_true', help="the paper's batch, rate, momentum and steps")
    add('--test', type=whole, metavar='N', help='videos of a test at most')
    add('--subjects', nargs='+', metavar='NAME', help='of KTH to leave out, each in turn (all)')
    add('--threads', type=whole, default=2, metavar='N', help='CPU threads (2)')
    add('--markdown', action='store_true', help='print rows for docs/experiments.md')
    return parser


if __name__ == '__main__':
    sys.exit(main())
