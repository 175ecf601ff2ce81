# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The training loop: what is in a checkpoint, and what happens in a step."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader
from tqdm import tqdm

from hart_ros.evaluation.origin import origin
from hart_ros.evaluation.protocols import hart60
from hart_ros.model.hart import HART
from hart_ros.model.hart_2017 import HART2017
from hart_ros.model.ratm import RATM
from hart_ros.tracking import Tracker, save_weights
from hart_ros.tracking.weights import MODELS, AnyModel, WeightsError, load_model

from .board import Board
from .checkpoint import load_checkpoint, save_checkpoint
from .config import SECTIONS, TrainConfig
from .curriculum import longest, make_curriculum
from .frames import Sequence
from .group import Group
from .grow import grown
from .history import as_notes, runs_of
from .mixture import ClipMixture, NumberedBatches, check_clips
from .motions import load_motions
from .objective import Objective
from .objective_2017 import Objective2017
from .objective_ratm import ObjectiveRatm
from .optimiser import learning_rate, make_optimiser
from .settings import ConfigError
from .split import is_drive
from .stills import Stills, load_stills
from .teacher import Teacher

Clips = dict[str, Tensor]


class Unrolled(nn.Module):
    """The loss of a batch of clips as one module, for `DistributedDataParallel` to wrap."""

    def __init__(self, model: AnyModel, config: TrainConfig) -> None:
        super().__init__()
        self.model = model
        self.in_half = in_half(config.precision, next(model.parameters()).device)
        # What only training needs; it may learn, too: see there.
        self.objective: nn.Module
        if isinstance(model, HART2017):
            self.objective = Objective2017(config.model_2017)
        elif isinstance(model, RATM):
            self.objective = ObjectiveRatm()
        else:
            taught = config.teacher.features != 'none'
            teacher = Teacher(config.teacher.features, config.teacher.weight) if taught else None
            features = config.model.v1_widths[-1]
            self.objective = Objective(features, config.curriculum, config.losses, teacher)

    def forward(self, clips: Clips) -> tuple[Tensor, dict[str, float]]:
        loss, log = self.objective(self.model, clips, self.in_half)
        return loss, log


def in_half(precision: str, device: torch.device) -> bool:
    """Whether a network runs in bfloat16; `auto`: where the processor computes in it by itself.

    CPUs that do not are twice as slow with it as without.
    """
    if precision != 'auto':
        return precision == 'bfloat16'
    if device.type == 'cuda':
        return torch.cuda.is_bf16_supported(including_emulation=False)
    can: dict[str, Any] = getattr(torch.cpu, 'get_capabilities', dict)()  # an old torch cannot tell
    return any(can.get(name) for name in ('avx512_bf16', 'amx_bf16'))


class Trainer:
    """Network, its moving average, optimiser and position; all of it is in the checkpoint.

    A step depends on the seed, its number and what was learnt before, on nothing else: a run that
    was stopped and resumed ends with the same weights as one that was not.
    """

    def __init__(
        self,
        config: TrainConfig,
        group: Group,
        training: list[Sequence],
        validation: list[Sequence],
    ) -> None:
        self.config, self.group = config, group
        self.training, self.validation = training, validation
        self.motions = [m for name in config.data.motions for m in load_motions(Path(name))]
        with group.first_then_others():
            photographs = [
                load_stills(Path(n), Path(config.data.cache)) for n in config.data.stills
            ]
        self.stills = Stills([still for found in photographs for still in found])
        length = longest(config.curriculum, config.steps)
        check_clips(training, length, config.clips, config.data.weights, self.stills)
        torch.manual_seed(config.seed)
        # Convolutions are a quarter faster with channels last, on CPUs too.
        self.model = make_model(config).to(group.device)
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        unrolled = Unrolled(self.model, config).to(group.device)
        self.objective = unrolled.objective
        self.unrolled = group.shared(unrolled)
        # 0.998: the average trails by 500 steps; batch statistics are averaged with the weights.
        trail = get_ema_multi_avg_fn(config.optimiser.average)
        self.average = AveragedModel(self.model, multi_avg_fn=trail, use_buffers=True)
        losses = list(self.objective.parameters())
        self.optimiser = make_optimiser(config.optimiser, self.model, losses)
        self.curriculum = make_curriculum(config.curriculum)
        self.runs = runs_of(config.start) if config.start != 'none' else []
        self.step = 0
        self.best = 0.0
        self.stopped = False
        self._asked_to_stop = False
        self._recent: list[dict[str, float]] = []  # of the steps since the last line of the log
        self.out = Path(config.out)
        self.last = self.out / 'last.pt'
        self._resume()
        self.board = Board(self.out, self.step) if group.first else None

    def log_start(self, command: str) -> None:
        """Notes what was asked for and what code does it: the model card is made from this."""
        settings = {'config': asdict(self.config), 'processes': self.group.size}
        run = {'step': self.step, 'command': command, **origin(), **settings}
        if self.step and self.runs and self.runs[-1]['step'] == self.step:
            self.runs.pop()  # was stopped before it had learnt anything
        self.runs.append(run)
        self._log(run)

    def notes(self) -> dict[str, str]:
        """What weights of now tell of themselves."""
        return as_notes(self.step, self.runs)

    def stop(self, *_: object) -> None:
        """Ends the run after the step at hand, with a checkpoint; a signal handler."""
        self._asked_to_stop = True

    def run(self) -> None:
        """Trains to the last step, or until stopped."""
        bar = tqdm(
            total=self.config.steps,
            initial=self.step,
            mininterval=5.0,
            disable=not self.group.first,
        )
        start = self.step
        while self._goes_on():
            bar.set_description(f'clips of {self.curriculum.length}')
            self._train_with(self.curriculum.length, bar)
        bar.close()
        if self.step > start:
            self._save()
        if self.board:
            self.board.close()
        if self.stopped and self.group.first:
            print(f'stopped at step {self.step}; the same command goes on from there')

    def _goes_on(self) -> bool:
        return self.step < self.config.steps and not self.stopped

    def _train_with(self, length: int, bar: Any) -> None:
        """Trains until the curriculum asks for clips of another length."""
        config = self.config
        batches = self._batches(length)
        while self._goes_on() and self.curriculum.length == length:
            clips = next(batches)
            log = self._train_step(clips)
            self.step += 1
            self.curriculum.advance(self._share(), log['iou'])
            bar.update()
            self._recent.append(log)
            if self.step % config.log_every == 0:
                self._report(bar)
            # In this order: a run that is killed while it validates goes back, and validates again.
            if self.step % config.validate_every == 0 or self.step == config.steps:
                self._validate(clips)
                self._save()
            elif self.step % config.save_every == 0:
                self._save()

    def _train_step(self, clips: Clips) -> dict[str, float]:
        config = self.config.optimiser
        self.model.train()
        if self.config.freeze_norms:
            for module in self.model.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        torch.manual_seed(self._seed())
        for group in self.optimiser.param_groups:
            group['lr'] = learning_rate(config, self.step, self.config.steps)
        clips = {k: v.to(self.group.device, non_blocking=True) for k, v in clips.items()}
        statistics = [buffer.clone() for buffer in self.model.buffers()]
        loss, log = self.unrolled(clips)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        learnt = [p for group in self.optimiser.param_groups for p in group['params']]
        norm = torch.nn.utils.clip_grad_norm_(learnt, config.clip_norm)
        if torch.isfinite(norm):
            self.optimiser.step()
            self.average.update_parameters(self.model)
        else:  # one bad batch must spoil neither weights nor batch statistics
            for buffer, before in zip(self.model.buffers(), statistics, strict=True):
                buffer.copy_(before)
        # All processes have to stop after the same step.
        log = self.group.mean({**log, 'stop': float(self._asked_to_stop)})
        self.stopped = log.pop('stop') > 0
        return log

    def _seed(self) -> int:
        """Of this step's noise in this process."""
        return hash((self.config.seed, self.step, self.group.rank)) & 0x7FFF_FFFF_FFFF_FFFF

    def _share(self) -> float:
        return self.step / self.config.steps

    def _batches(self, length: int) -> Iterator[Clips]:
        config, group = self.config, self.group
        clips = ClipMixture(
            self.training,
            length,
            config.seed,
            config.clips,
            config.data.weights,
            self.motions,
            self.stills,
        )
        numbers = NumberedBatches(self.step, config.batch, group.rank, group.size)
        loader: DataLoader[Clips] = DataLoader(
            clips,
            batch_sampler=numbers,
            num_workers=config.workers,
            pin_memory=group.device.type == 'cuda',
            worker_init_fn=_leave_signals,
            # OpenCV's and OpenMP's threads do not live on in a fork.
            multiprocessing_context='spawn' if config.workers else None,
        )
        return iter(loader)

    def _report(self, bar: Any) -> None:
        logs, self._recent = self._recent, []
        means = {name: float(np.mean([log[name] for log in logs])) for name in logs[0]}
        bar.set_postfix({name: round(value, 4) for name, value in means.items()})
        self._log({'step': self.step, **{k: round(v, 4) for k, v in means.items()}})
        if self.board:
            rate = self.optimiser.param_groups[0]['lr']
            means |= {'learning_rate': rate, 'frames': self.curriculum.length}
            self.board.curves(self.step, means, 'training')

    def _validate(self, clips: Clips) -> None:
        if self.board:
            model: Any = self.average.module
            model.eval()
            current = self.out / 'current.safetensors'
            save_weights(model, current, self.notes())
            scores = validate(current, self.validation)
            real = [v for k, v in scores.items() if not is_drive(k)]
            mean = float(np.mean(real or list(scores.values())))
            self._log({'step': self.step, 'hart60': round(mean, 4), 'sequences': scores})
            tqdm.write(f'step {self.step}: hart60 {mean:.3f}  {scores}')
            self.board.curves(self.step, {'mean': mean, **scores}, 'hart60')
            clips = {name: value.to(self.group.device) for name, value in clips.items()}
            self.board.glimpses(self.step, model, clips)
            if mean > self.best:
                self.best = mean
                save_weights(model, self.out / 'best.safetensors', self.notes())
        self.group.wait()

    def _log(self, entry: dict[str, Any]) -> None:
        if self.group.first:
            with (self.out / 'log.jsonl').open('a') as file:
                file.write(json.dumps({'time': round(time.time()), **entry}) + '\n')

    def _save(self) -> None:
        content = {
            'model': self.model.state_dict(),
            'objective': self.objective.state_dict(),
            'average': self.average.state_dict(),
            'optimiser': self.optimiser.state_dict(),
            'curriculum': self.curriculum.state(),
            'step': self.step,
            'best': self.best,
            'config': asdict(self.config),
            'runs': self.runs,
        }
        if self.group.first:
            save_checkpoint(self.last, content)

    def _resume(self) -> None:
        found = self.group.first and self.last.is_file()
        content = self.group.from_first(load_checkpoint(self.last) if found else None)
        if content is None:
            return
        self._check_fit(content.get('config'))
        # By the settings of this run; the learning rate is set at each step.
        groups: list[dict[str, Any]] = [
            {name: group[name] for name in ('weight_decay', 'momentum') if name in group}
            for group in self.optimiser.param_groups
        ]
        try:
            self.model.load_state_dict(content['model'])
            self.objective.load_state_dict(content.get('objective', {}))
            self.average.load_state_dict(content['average'])
            self.optimiser.load_state_dict(content['optimiser'])
        except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
            reason = str(error).strip().splitlines()[-1].strip()
            raise ConfigError(
                f'{self.last}: made for another network or optimiser ({reason}); give another --out'
            ) from error
        for group, own in zip(self.optimiser.param_groups, groups):
            group.update(own)
        self.step, self.best = content['step'], content['best']
        self.runs = content.get('runs', [])
        self.curriculum.restore(self._share(), content.get('curriculum', {}))
        if self.group.first:
            print(f'going on from step {self.step} of {self.last}')

    def _check_fit(self, saved: dict[str, Any] | None) -> None:
        """Raises ConfigError for a checkpoint of another network or optimiser."""
        if saved is None:  # made before checkpoints held the settings
            return
        then, now = _kind(saved), _kind(asdict(self.config))
        for name in {**then, **now}:
            old, new = then.get(name), now.get(name)
            if old != new:
                raise ConfigError(
                    f'{self.last}: made with {name} {old}, not {new}; set it back, or '
                    'give another --out'
                )


def make_model(config: TrainConfig) -> AnyModel:
    """The network that the settings name, with its first weights.

    Raises:
        ConfigError: weights to start from that are of another network, or no weights.
    """
    network, _ = MODELS[config.network]
    model = network(getattr(config, SECTIONS[config.network]))
    if config.imagenet != 'none' and isinstance(model, HART2017):
        try:
            model.v1.load_imagenet(load_file(config.imagenet))
        except (OSError, SafetensorError, ValueError) as error:
            raise ConfigError(
                f'imagenet is {config.imagenet}: {error}; see docs/training.md'
            ) from error
    if config.start != 'none':
        try:
            weights = load_model(config.start).state_dict()
            model.load_state_dict(grown(weights, model) if isinstance(model, HART) else weights)
        except (WeightsError, RuntimeError, ValueError) as error:
            reason = str(error).strip().splitlines()[-1].strip()
            raise ConfigError(
                f'start is {config.start}: {reason}; give weights of such a network, or none'
            ) from error
    return model


def _kind(config: Mapping[str, Any]) -> dict[str, Any]:
    """What a run shares with its checkpoint, by key; settings newer than that have defaults."""
    default = asdict(TrainConfig())
    kind = {'network': config.get('network', default['network'])}
    for section in SECTIONS.values():
        values = {**default[section], **config.get(section, {})}
        kind |= {f'{section}.{name}': value for name, value in values.items()}
    return {**kind, 'optimiser.kind': config['optimiser']['kind']}


def _leave_signals(_: int) -> None:
    """Ctrl-C and torchrun signal all processes; those that cut clips serve until the loop ends."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def validate(weights: Path, sequences: list[Sequence]) -> dict[str, float]:
    """Mean IoU of each sequence under the protocol `hart60`: as hart-evaluate has it."""
    tracker = Tracker(weights)
    scores = {}
    for sequence in sequences:
        tracks = [sequence.tracks[track] for track in list(sequence.tracks)[:2]]
        found = (hart60(tracker, sequence.frames, boxes) for boxes in tracks)
        ious = [float(np.mean(values)) for values in found if len(values)]
        if ious:  # else no box comes soon enough after another
            scores[sequence.name] = round(float(np.mean(ious)), 3)
    return scores
