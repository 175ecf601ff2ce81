# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Networks that differ in one thing, trained alike and measured side by side.

hart-ablate poster: RATM, the poster's three networks of 2017, and the shipped one.
hart-ablate changes: the shipped one, whole and with one of its parts left out.
On synthetic drives, or on other data.
Each network is a run of hart-train in a folder of its own; what is trained is not trained again,
and what was stopped goes on. Leaves a table, result.json and iou60.svg.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence as InOrder
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from hart_ros.data.source import SourceError
from hart_ros.evaluation.figures import draw_over_steps
from hart_ros.evaluation.origin import origin
from hart_ros.evaluation.run import run
from hart_ros.evaluation.summary import TargetResult, summarise
from hart_ros.evaluation.tables import aligned, sequence_table
from hart_ros.tracking import Tracker, save_weights

from .checkpoint import load_checkpoint, write_json
from .config import TrainConfig, checked, with_setting
from .frames import as_targets
from .main import said, train
from .settings import ConfigError, assigned
from .sources import load_sequences
from .split import COMPARED_DRIVES
from .variants import COMPARISONS, Comparison, Variant

FINAL = 'final.safetensors'
# Options that are short for --set.
SHORT = {
    'steps': ('steps', 'of the optimiser, for each network'),
    'drives': ('data.drives', 'synthetic drives to train on (60; 0 with --data)'),
    'cache': ('data.cache', 'decoded frames'),
    'seed': ('seed', 'of weights and clips'),
    'threads': ('threads', 'CPU threads'),
}
# Settings on which weights do not depend, or not by intention.
APART = ('out', 'device', 'threads', 'workers', 'log_every', 'save_every', 'validate_every')


def main(argv: list[str] | None = None) -> int:
    """Trains what is not trained yet and measures all; returns the exit status."""
    argv = sys.argv[1:] if argv is None else argv
    parser = _parser()
    options = parser.parse_args(argv)
    variants = COMPARISONS[options.table].variants
    out = options.out or Path('runs', f'ablate_{options.table}')
    command = shlex.join(['hart-ablate', *argv])
    try:
        base = _base(COMPARISONS[options.table], options)
        for number, variant in enumerate(variants, 1):
            print(f'[{number}/{len(variants)}] {variant.name}: {variant.meaning}', flush=True)
            if not _trained(_config(variant, base, out), command):
                return 130
        _, sequences = load_sequences(base.data, base.clips.whole_frames, COMPARED_DRIVES)
    except (ConfigError, SourceError) as error:
        parser.error(str(error))
    weights = {variant.name: out / variant.name / FINAL for variant in variants}
    trackers = {name: Tracker(file, base.device, base.threads) for name, file in weights.items()}
    results = run(trackers, ['hart60'], as_targets(sequences))
    text = caption(variants, base, len(sequences))
    content = {
        'origin': {'command': command, **origin()},
        'caption': text,
        'variants': [{**asdict(v), **_figures(results, v.name)} for v in variants],
        'settings': asdict(base),
    }
    write_json(out / 'result.json', content)
    (out / 'iou60.svg').write_text(draw_over_steps(results), encoding='utf-8')
    tables = table(variants, results), sequence_table(results, 'hart60')
    print('', *map(aligned, tables), text, sep='\n\n')
    print(f'\n{out / "result.json"}\n{out / "iou60.svg"}')
    return 0


def table(variants: InOrder[Variant], results: InOrder[TargetResult]) -> list[list[str]]:
    """Rows of cells: a heading, then a variant a row; see `caption`."""
    rows = [['', 'hart60', 'last step', 'score AP', 'ms', 'published']]
    for variant in variants:
        found = _figures(results, variant.name)
        published = f'{variant.published:.2f}' if variant.published else ''
        cells = [f'{found["hart60"]:.3f}', f'{found["iou_by_step"][-1]:.3f}']
        precision = found['average_precision']
        cells.append('' if precision is None else f'{precision:.3f}')
        cells.append(f'{found["milliseconds"]:.1f}')
        rows.append([f'{variant.name}: {variant.meaning}', *cells, published])
    return rows


def caption(variants: InOrder[Variant], base: TrainConfig, sequences: int) -> str:
    """How the figures of a table came to be, in words."""
    optimiser, lengths = base.optimiser, [length for _, length in base.curriculum.stages]
    text = (
        f'hart60: mean IoU over clips of 60 steps, {sequences} sequences that were not trained on; '
        'last step: at the ends of these clips; score AP: average precision of the score for IoU '
        'over 0.5. All were trained from random weights with the same '
        f'clips: {base.steps} steps of {base.batch}, of {lengths[0]} to {lengths[-1]} frames, by '
        f'{optimiser.kind} at up to {optimiser.learning_rate:g}, seed {base.seed}.'
    )
    if any(variant.published for variant in variants):
        text += (
            ' Published figures: KITTI, 400,000 steps by RMSProp at 3.3e-6, at which minutes teach '
            'nothing, and a V1 three to four times as wide that starts from ImageNet.'
        )
    return text


def _base(comparison: Comparison, options: argparse.Namespace) -> TrainConfig:
    """The settings that all variants share."""
    config = comparison.base
    if options.data:
        folders = tuple(map(str, options.data))
        config = replace(config, data=replace(config.data, folders=folders, drives=0))
    for text in options.set:
        config = with_setting(config, text)
    for name, (key, _) in SHORT.items():
        value = getattr(options, name)
        if value is not None:
            config = assigned(config, tuple(key.split('.')), value, said(f'--{name}'))
    return checked(replace(config, validate_every=config.steps))


def _config(variant: Variant, base: TrainConfig, out: Path) -> TrainConfig:
    return checked(replace(base, out=str(out / variant.name), **variant.settings))


def _trained(config: TrainConfig, command: str) -> bool:
    """Trains a network, unless it is trained; False if stopped before the end.

    Raises:
        ConfigError: the folder holds a run with other settings.
    """
    out = Path(config.out)
    last = out / 'last.pt'
    if last.is_file():
        saved = load_checkpoint(last)['config']
        then, now, default = map(_recipe, (saved, asdict(config), asdict(TrainConfig())))
        changed = [name for name in now if then.get(name, default[name]) != now[name]]
        if changed:
            names = ', '.join(changed)
            raise ConfigError(f'{last}: made with other settings ({names}); give another --out')
        if (out / FINAL).is_file():
            return True
    trainer = train(config, command)
    if trainer.step < config.steps:
        return False
    model: Any = trainer.average.module
    save_weights(model, out / FINAL, trainer.notes())
    return True


def _recipe(config: dict[str, Any]) -> dict[str, Any]:
    """The settings that decide what the weights become."""
    data = {**config['data'], 'cache': None}
    return {name: value for name, value in {**config, 'data': data}.items() if name not in APART}


def _figures(results: InOrder[TargetResult], name: str) -> dict[str, Any]:
    """Means over sequences, and of each step since the start over all clips."""
    steps = [step for result in results for step in result.steps['hart60'][name]]
    offsets = np.array([step.frame - step.start for step in steps])
    ious = np.array([step.iou for step in steps])
    metrics = summarise(results)['hart60'][name]
    return {
        'hart60': metrics['iou'],
        'average_precision': metrics['average_precision'],
        'milliseconds': metrics['milliseconds'],
        'iou_by_step': [round(ious[offsets == k].mean(), 4) for k in np.unique(offsets)],
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        'hart-ablate', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add('table', nargs='?', choices=list(COMPARISONS), default='poster', help='see above (poster)')
    add(
        '--data',
        nargs='+',
        type=Path,
        metavar='FOLDER',
        help='of sequences, as hart-train takes them, in place of synthetic drives',
    )
    add('--out', type=Path, metavar='FOLDER', help='for runs and results (runs/ablate_TABLE)')
    for name, (key, meaning) in SHORT.items():
        add(f'--{name}', metavar='X', help=f'{meaning} (--set {key}=X)')
    add('--set', action='append', default=[], metavar='KEY=VALUE', help='any setting of hart-train')
    return parser


if __name__ == '__main__':
    sys.exit(main())
