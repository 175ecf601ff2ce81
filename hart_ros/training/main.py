# SPDX-License-Identifier: Apache-2.0
"""hart-train: trains the shipped network on video with boxes and on synthetic drives."""

from __future__ import annotations

import argparse
import json
import math
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader
from tqdm import tqdm

from hart_ros.data.source import open_source
from hart_ros.evaluation.origin import origin
from hart_ros.evaluation.protocols import hart60
from hart_ros.model.hart import HART
from hart_ros.tracking import Tracker, save_weights

from .checkpoint import load_checkpoint, save_checkpoint
from .frames import Sequence, cached_sequence
from .mixture import ClipMixture, MixtureConfig
from .objective import unroll
from .split import FIRST_TRAINING_DRIVE, VALIDATION, VALIDATION_DRIVES

STAGES = ((0.0, 4), (0.2, 8), (0.5, 12))  # from this share of the training on, frames of a clip


def main(argv: list[str] | None = None) -> None:
    """Trains, or goes on from the last checkpoint in the output folder."""
    parser = command_line()
    options = parser.parse_args(argv)
    if not options.data.is_dir():
        parser.error(f'{options.data}: no such folder')
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    training, validation = load_sequences(options)
    if not (training and validation):
        parser.error(
            f'{options.data}: {len(training)} sequences to train on and {len(validation)} for '
            'validation, but both are needed: add folders with video.mp4 and boxes.csv, or drives '
            f'(--drives). Those of these names are kept for validation: {", ".join(VALIDATION)}'
        )
    print(
        f'{len(training)} training sequences, {sum(len(s.frames) for s in training)} frames; '
        f'{len(validation)} for validation'
    )
    trainer = Trainer(options, training, validation)
    trainer.log_start(sys.argv[1:] if argv is None else argv)
    previous = {s: signal.signal(s, trainer.stop) for s in (signal.SIGINT, signal.SIGTERM)}
    trainer.run()
    for number, handler in previous.items():
        signal.signal(number, handler)


class Trainer:
    """Model, its moving average, optimiser and position; all of it is in the checkpoint."""

    def __init__(
        self, options: argparse.Namespace, training: list[Sequence], validation: list[Sequence]
    ) -> None:
        self.options = options
        self.training, self.validation = training, validation
        self.device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
        self.model = HART().to(self.device)
        # The average trails by 500 steps; batch statistics are averaged with the weights.
        self.average = AveragedModel(
            self.model, multi_avg_fn=get_ema_multi_avg_fn(0.998), use_buffers=True
        )
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), options.learning_rate, weight_decay=0.02
        )
        self.step = 0
        self.best = 0.0
        self.stopped = False  # by a signal: ends after the step at hand
        self.last = options.out / 'last.pt'
        if self.last.is_file():
            self._resume()

    def log_start(self, argv: list[str]) -> None:
        """Notes what was asked for and what code does it: the model card is made from this."""
        self._log({'step': self.step, 'command': shlex.join(['hart-train', *argv]), **origin()})

    def stop(self, *_: object) -> None:
        """Ends the run after the step at hand, with a checkpoint; a signal handler."""
        self.stopped = True

    def run(self) -> None:
        """Trains to the last step, through stages of growing clips, or until stopped."""
        options = self.options
        while self.step < options.steps and not self.stopped:
            stage = max(k for k, (share, _) in enumerate(STAGES) if self._share() >= share)
            end = STAGES[stage + 1][0] if stage + 1 < len(STAGES) else 1.0
            self._train_to(math.ceil(end * options.steps), STAGES[stage][1])

    def _train_to(self, last_step: int, length: int) -> None:
        batches = self._batches(length)
        bar = tqdm(
            total=self.options.steps, initial=self.step, desc=f'clips of {length}', mininterval=5.0
        )
        sums: dict[str, float] = {}
        while self.step < last_step and not self.stopped:
            for name, value in self._train_step(next(batches)).items():
                sums[name] = sums.get(name, 0.0) + value
            self.step += 1
            bar.update()
            if self.step % self.options.log_every == 0:
                means = {k: round(v / self.options.log_every, 4) for k, v in sums.items()}
                bar.set_postfix(means)
                self._log({'step': self.step, **means})
                sums = {}
            if self.step % self.options.save_every == 0:
                self._save()
            if self.step % self.options.validate_every == 0 or self.step == self.options.steps:
                self._validate()
        bar.close()
        self._save()
        if self.stopped:
            print(f'stopped at step {self.step}; the same command goes on from there')

    def _train_step(self, clip: dict[str, Tensor]) -> dict[str, float]:
        self.model.train()
        for group in self.optimiser.param_groups:
            group['lr'] = self.options.learning_rate * self._schedule()
        clip = {name: value.to(self.device, non_blocking=True) for name, value in clip.items()}
        loss, log = unroll(self.model, clip, half=not self.options.full_precision)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        if torch.isfinite(norm):  # one bad batch must not spoil the weights
            self.optimiser.step()
            self.average.update_parameters(self.model)
        return log

    def _schedule(self) -> float:
        """A short warm-up, then a cosine to 2%."""
        warm = min(1.0, (self.step + 1) / 200)
        return warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, self._share()))))

    def _share(self) -> float:
        return self.step / self.options.steps

    def _batches(self, length: int) -> Iterator[dict[str, Tensor]]:
        # The step is part of the seed, so that a resumed run does not see its first clips again.
        seed = self.options.seed * 1_000_003 + self.step
        weights = (('synthetic', self.options.synthetic_weight),)
        clips = ClipMixture(self.training, length, seed, MixtureConfig(source_weights=weights))
        loader: DataLoader[dict[str, Tensor]] = DataLoader(
            clips, self.options.batch, num_workers=self.options.workers
        )
        return iter(loader)

    def _validate(self) -> None:
        model: Any = self.average.module
        model.eval()
        current = self.options.out / 'current.safetensors'
        save_weights(model, current, {'step': str(self.step)})
        scores = validate(current, self.validation)
        real = [v for k, v in scores.items() if not k.startswith('synthetic')]
        mean = float(np.mean(real or list(scores.values())))
        self._log({'step': self.step, 'hart60': round(mean, 4), 'sequences': scores})
        tqdm.write(f'step {self.step}: hart60 {mean:.3f}  {scores}')
        if mean > self.best:
            self.best = mean
            save_weights(model, self.options.out / 'best.safetensors', {'step': str(self.step)})

    def _log(self, entry: dict[str, Any]) -> None:
        with (self.options.out / 'log.jsonl').open('a') as file:
            file.write(json.dumps({'time': round(time.time()), **entry}) + '\n')

    def _save(self) -> None:
        content = {
            'model': self.model.state_dict(),
            'average': self.average.state_dict(),
            'optimiser': self.optimiser.state_dict(),
            'step': self.step,
            'best': self.best,
            'random': torch.get_rng_state(),
        }
        save_checkpoint(self.last, content)

    def _resume(self) -> None:
        content = load_checkpoint(self.last, self.device)
        self.model.load_state_dict(content['model'])
        self.average.load_state_dict(content['average'])
        self.optimiser.load_state_dict(content['optimiser'])
        self.step, self.best = content['step'], content['best']
        torch.set_rng_state(content['random'].cpu())
        print(f'going on from step {self.step} of {self.last}')


def validate(weights: Path, sequences: list[Sequence]) -> dict[str, float]:
    """Mean IoU of each sequence under the protocol `hart60`."""
    tracker = Tracker(weights)
    scores = {}
    for sequence in sequences:
        ious = [
            value
            for track in list(sequence.tracks)[:2]
            for value in hart60(tracker, sequence.frames, sequence.tracks[track])
        ]
        scores[sequence.name] = round(float(np.mean(ious)), 3)
    return scores


def load_sequences(options: argparse.Namespace) -> tuple[list[Sequence], list[Sequence]]:
    """Training and validation sequences, decoded into the cache on first use."""
    training: list[Sequence] = []
    validation: list[Sequence] = []
    folders = sorted(p for p in options.data.iterdir() if (p / 'boxes.csv').is_file())
    for folder in tqdm(folders, desc='sequences', mininterval=5.0):
        kept = validation if folder.name in VALIDATION else training
        kept.append(cached_sequence(open_source(folder), options.cache))
    seeds = range(FIRST_TRAINING_DRIVE, FIRST_TRAINING_DRIVE + options.drives)
    bar = tqdm(seeds, desc='drives', mininterval=5.0)
    training += [cached_sequence(_drive(seed), options.cache) for seed in bar]
    if options.drives:
        validation += [cached_sequence(_drive(seed), options.cache) for seed in VALIDATION_DRIVES]
    return training, validation


def _drive(seed: int) -> Any:
    return open_source(f'synthetic:{seed}', size=(640, 192), frames=80)


def command_line() -> argparse.ArgumentParser:
    """The options of hart-train."""
    parser = argparse.ArgumentParser(
        'hart-train', description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    add = parser.add_argument
    add('data', type=Path, help='folder of sequences, each with video.mp4 and boxes.csv')
    add('--out', type=Path, default=Path('runs/hart'), help='checkpoints, log, weights')
    add('--cache', type=Path, default=Path('runs/cache'), help='decoded frames (several GB)')
    add('--steps', type=int, default=10000, help='optimiser steps')
    add('--batch', type=int, default=16, help='clips a step')
    add('--learning-rate', type=float, default=1e-3, help='highest rate, AdamW')
    add(
        '--drives',
        type=int,
        default=60,
        help='synthetic drives to train on; if any, others are used for validation',
    )
    add('--synthetic-weight', type=float, default=0.4, help='of a drive against a real sequence')
    add('--seed', type=int, default=0, help='of weights and clips')
    add('--threads', type=int, default=2, help='CPU threads of torch')
    add('--workers', type=int, default=1, help='processes that cut clips')
    add('--full-precision', action='store_true', help='float32 throughout, not bfloat16')
    add('--log-every', type=int, default=50, help='steps')
    add('--save-every', type=int, default=250, help='steps')
    add('--validate-every', type=int, default=1000, help='steps')
    return parser


if __name__ == '__main__':
    main()
