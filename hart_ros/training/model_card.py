# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Puts trained weights into the package, with a card that says what they are and can do.

python -m hart_ros.training.model_card runs/hart/best.safetensors --data DATA

With several files of one run, their mean.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence as InOrder
from pathlib import Path
from typing import Any

import numpy as np

from hart_ros.data.source import SourceError
from hart_ros.evaluation.origin import origin
from hart_ros.evaluation.run import run
from hart_ros.evaluation.summary import TargetResult, by_sequence, sequence_names, summarise
from hart_ros.model.hart import HART
from hart_ros.tracking import Tracker
from hart_ros.tracking.weights import SHIPPED, WeightsError, load_model

from .average import save_mean
from .config import DataConfig
from .frames import Sequence, as_targets
from .history import Run, runs_of, step_of
from .settings import ConfigError
from .sources import load_sequences
from .split import COMPARED_DRIVES, is_drive

TEMPLATE = """# Weights `hart.safetensors`

Made by `python -m hart_ros.training.model_card`; do not edit.

- Network: `hart_ros.model.hart.HART`, {parameters:,} parameters, float32.
- Weights: {weights}.
- Trained on: {machine}, torch {torch}.

Commands, in order (where one stands that is no command, it was done by hand; `+changes`: with code
that was never committed, so the same weights cannot be made again):

{runs}

Paths are those of the machine that trained; `docs/training.md` describes the folders of sequences
and of photographs. A run that starts from `hart.safetensors` takes the one shipped at its commit,
whose card (`git show COMMIT:hart_ros/weights/MODEL_CARD.md`) says how that was made.

Data: {real} real sequences ({names}), {drives} synthetic drives (`hart_ros.data.synthetic`){more};
cut-and-paste clips are made of the same pictures. No weights of other networks{teacher}.

## How good

Mean IoU on sequences that were never trained on (the weights were chosen on the real ones), first
frame left out. `hart60`: three clips of 60 frames, each started from the true box. One pass:
started once, from the first box.

| sequence | hart60 | one pass |
| --- | --- | --- |
{table}
{score}
Measured on {here[cpu]}, {here[cores]} cores, commit {here[commit]}. These print the same figures:
`hart-evaluate DATA --split validation --protocol hart60 --protocol ope` and
`hart-evaluate synthetic --split validation --size 640x192 --frames 80 --protocol hart60
--protocol ope`.

## Limits

Trained for a short time on few sequences; not for decisions that people depend on. Very small
targets, long occlusions and look-alikes side by side are where it fails first.
"""


def main(argv: list[str] | None = None) -> None:
    """Measures the weights on the sequences kept aside; then puts them and the card in place."""
    parser = _parser()
    options = parser.parse_args(argv)
    weights = options.out.with_name(f'{options.out.name}.new')
    text = options.out.with_name('MODEL_CARD.md.new')
    try:
        for file in options.weights:
            load_model(file)
            if not runs_of(file):
                parser.error(
                    f'{file} does not tell the runs that made it; give a file of hart-train'
                )
        if len(options.weights) > 1:
            save_mean(options.weights, weights)
        else:
            shutil.copyfile(options.weights[0], weights)
        text.write_text(_measured_card(weights, options.data, options.cache))
        weights.replace(options.out)
        print(text.replace(options.out.with_name('MODEL_CARD.md')).read_text())
    except (ConfigError, SourceError, WeightsError, OSError) as error:
        parser.error(str(error))
    finally:  # what is in the package stays as it was
        weights.unlink(missing_ok=True)
        text.unlink(missing_ok=True)


def _measured_card(weights: Path, folders: InOrder[Path], cache: Path) -> str:
    """The card of weights, measured on what their last run kept aside of these folders."""
    runs = runs_of(weights)
    then = runs[-1]['config']['data']
    data = DataConfig(
        tuple(map(str, folders)),
        str(cache),
        then['drives'],
        motions=tuple(then.get('motions', ())),
        validation=tuple(then['validation']),
        leave_out=tuple(then['leave_out']),
    )
    training, validation = load_sequences(data, drives=COMPARED_DRIVES)
    results = measured(weights, validation)
    names = [s.name for s in training]
    return card(runs, step_of(weights), rows_of(results), names, score_of(results))


def measured(weights: Path, sequences: list[Sequence]) -> list[TargetResult]:
    """What hart-evaluate would find with the weights."""
    return run({'hart': Tracker(weights)}, ('hart60', 'ope'), as_targets(sequences))


def rows_of(results: list[TargetResult]) -> list[tuple[str, float, float]]:
    """Name, mean IoU under hart60, mean IoU in one pass; not of what is too short for clips."""
    clips, one_pass = (
        [figures['iou'] for figures in by_sequence(results, protocol, 'hart')]
        for protocol in ('hart60', 'ope')
    )
    rows = zip(sequence_names(results), clips, one_pass)
    return [(name, c, o) for name, c, o in rows if c is not None and o is not None]


def score_of(results: list[TargetResult]) -> str:
    """How far the score of real sequences can be believed, in words."""
    real = [r for r in results if not is_drive(r.target.sequence)]
    if not real:
        return ''
    clips, one_pass = (summarise(real)[protocol]['hart'] for protocol in ('hart60', 'ope'))
    words = [
        f'{found["average_precision"]:.3f} / {found["calibration_error"]:.3f} in {where}'
        for where, found in (('clips', clips), ('one pass', one_pass))
    ]
    return (
        '\nThe score on the real ones, average precision for IoU over 0.5 / calibration error '
        f'(10 bins), all\nframes together: {words[0]}, {words[1]}.\n'
    )


def card(
    runs: list[Run],
    step: str,
    rows: list[tuple[str, float, float]],
    data: list[str],
    score: str = '',
) -> str:
    """The card as Markdown.

    Args:
        runs: that made the weights, in order, see `history`.
        step: that the weights are of, or several.
        rows: of `rows_of`.
        data: names of what was trained on.
        score: of `score_of`.
    """
    several = ', ' in step
    real = [name for name in data if not is_drive(name)]
    commands = [f'- from step {r["step"]}: `{r["command"]}`, commit {r["commit"]}' for r in runs]
    shown = [*(row for row in rows if not is_drive(row[0])), *_means(rows)]
    table = [f'| {name} | {clips:.2f} | {one:.2f} |' for name, clips, one in shown]
    return TEMPLATE.format(
        parameters=sum(p.numel() for p in HART().parameters()),
        weights=f'mean of the moving averages at the steps {step}'
        if several
        else f'moving average at step {step}',
        machine=f'{runs[-1]["cpu"]}, {runs[-1]["cores"]} cores',
        torch=runs[-1]['torch'],
        runs='\n'.join(commands),
        real=len(real),
        names=', '.join(real),
        drives=max(run['config']['data']['drives'] for run in runs),
        more=' and photographs' if _last(runs, 'data', 'stills', ()) else '',
        teacher=_taught(runs),
        table='\n'.join(table),
        score=score,
        here=origin(),
    )


def _last(runs: list[Run], section: str, name: str, none: Any) -> Any:
    """The last value of a setting in the runs that is not `none`; else None."""
    found = [run['config'].get(section, {}).get(name, none) for run in runs]
    return next((value for value in reversed(found) if value and value != none), None)


def _taught(runs: list[Run]) -> str:
    teacher = _last(runs, 'teacher', 'features', 'none')
    if teacher is None:
        return ''
    return f'; in training, V1 was also taught to predict the features of `{Path(teacher).name}`'


def _means(rows: list[tuple[str, float, float]]) -> list[tuple[str, float, float]]:
    drives = [row for row in rows if is_drive(row[0])]
    kinds = {
        '**mean of real sequences**': [row for row in rows if not is_drive(row[0])],
        f'**mean of {len(drives)} synthetic drives**': drives,
    }
    return [
        (name, float(np.mean([r[1] for r in some])), float(np.mean([r[2] for r in some])))
        for name, some in kinds.items()
        if some
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser('python -m hart_ros.training.model_card', description=__doc__)
    add = parser.add_argument
    add('weights', type=Path, nargs='+', help='made by hart-train; of several files their mean')
    add('--data', type=Path, nargs='+', required=True, help='folders that they were trained on')
    add('--cache', type=Path, default=Path('runs/cache'), help='decoded frames')
    add('--out', type=Path, default=SHIPPED, help='where to put the weights')
    return parser


if __name__ == '__main__':
    main()
