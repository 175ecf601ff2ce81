# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What the benchmark of the trackers measured: tables, figures for a file, a plot."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hart_ros.evaluation.tables import UNKNOWN

from .floor import Floor
from .speed import Timing, ratio

Rows = list[list[str]]


@dataclass(frozen=True)
class Results:
    """Everything of one run."""

    main_size: str  # where targets, stages and floor were measured
    trackers: dict[int, dict[str, dict[str, Timing]]]  # threads -> size -> tracker
    targets: dict[int, dict[int, Timing]]  # threads -> number of targets
    memory: dict[str, float]  # tracker -> MB
    stages: dict[int, dict[str, float]]  # threads -> stage -> milliseconds
    floors: dict[int, Floor]  # threads

    def tables(self) -> list[Rows]:
        """Rows of cells, a heading first."""
        speed = [self._speed_rows(threads) for threads in self.trackers]
        return [*speed, *self._size_rows(), self._target_rows(), self._stage_rows()]

    def _speed_rows(self, threads: int) -> Rows:
        by_size = self.trackers[threads]
        sizes, main = list(by_size), by_size[self.main_size]
        at = f'at {self.main_size}'
        headings = [f'ms a frame, median / p99, {_threads(threads)}', *sizes]
        rows = [[*headings, f'fps {at}', 'hart is faster', f'IoU {at}', 'peak MB']]
        for name in main:
            times = [f'{by_size[s][name].median:.2f} / {by_size[s][name].p99:.2f}' for s in sizes]
            timing, iou = main[name], main[name].iou
            factor = f'{ratio(timing, main["hart"]):.2g} x' if name != 'hart' else ''
            known = UNKNOWN if iou is None else f'{iou:.2f}'
            memory = f'{self.memory[name]:.0f}' if name in self.memory else UNKNOWN
            rows.append([name, *times, f'{timing.fps:.0f}', factor, known, memory])
        return rows

    def _size_rows(self) -> list[Rows]:
        """How time grows with the frame, and with the target in it; a table if there are sizes.

        Quotients of medians: sizes are not timed in turns, so rounds of two of them are no pairs.
        """
        sizes = list(next(iter(self.trackers.values())))
        if len(sizes) < 2:
            return []
        rows = [[f'times that at {sizes[0]}', *sizes[1:]]]
        for threads, by_size in self.trackers.items():
            rows += [
                [
                    f'{name}, {_threads(threads)}',
                    *(f'{by_size[size][name].median / first.median:.2f}' for size in sizes[1:]),
                ]
                for name, first in by_size[sizes[0]].items()
                if name.partition(',')[0] == 'hart'
            ]
        return [rows]

    def _target_rows(self) -> Rows:
        headings = [f'hart, targets at {self.main_size}']
        for threads in self.targets:
            headings += [f'ms a frame, {_threads(threads)}', 'ms a target', 'times one target']
        rows = [headings]
        for count in next(iter(self.targets.values())):
            row = [str(count)]
            for timings in self.targets.values():
                timing, one = timings[count], timings[min(timings)]
                median = timing.median
                row += [f'{median:.2f}', f'{median / count:.2f}', f'{ratio(timing, one):.1f}']
            rows.append(row)
        return rows

    def _stage_rows(self) -> Rows:
        rows = [[f'hart, ms at {self.main_size}', *map(_threads, self.stages)]]
        rows += [
            [stage, *(f'{times[stage]:.2f}' for times in self.stages.values())]
            for stage in next(iter(self.stages.values()))
        ]
        rows.append(['all', *(f'{sum(times.values()):.2f}' for times in self.stages.values())])
        floors = self.floors.values()
        any_floor = next(iter(floors))
        flop = (any_floor.network_flop + any_floor.glimpse_flop) / 1e6
        rows += [
            [f'floor: {flop:.0f} MFLOP', *(f'{f.arithmetic:.2f}' for f in floors)],
            [f'floor: {any_floor.bytes / 1e6:.1f} MB', *(f'{f.memory:.2f}' for f in floors)],
            ['GFLOP/s of a matrix product', *(f'{f.flop_per_second / 1e9:.0f}' for f in floors)],
            ['GB/s of a copy', *(f'{f.bytes_per_second / 1e9:.0f}' for f in floors)],
        ]
        return rows

    def figures(self) -> dict[str, Any]:
        """All figures for JSON, milliseconds and MB."""
        return {
            'main_size': self.main_size,
            'trackers': [
                {'threads': threads, 'size': size, 'tracker': name, **_figures(t, timings['hart'])}
                for threads, sizes in self.trackers.items()
                for size, timings in sizes.items()
                for name, t in timings.items()
            ],
            'targets': [
                {'threads': threads, 'targets': count, **_figures(t, timings[min(timings)])}
                for threads, timings in self.targets.items()
                for count, t in timings.items()
            ],
            'memory': self.memory,
            'stages': self.stages,
            'floors': {
                threads: {**asdict(f), 'arithmetic': f.arithmetic, 'memory': f.memory}
                for threads, f in self.floors.items()
            },
        }

    def plot(self, path: Path) -> None:
        """Draws time over the number of pixels, each tracker a line, for the fewest threads."""
        from matplotlib.figure import Figure

        threads = min(self.trackers)
        sizes = {size: v for size, v in self.trackers[threads].items() if ' ' not in size}
        pixels = [np.prod([int(side) for side in size.split('x')]) / 1e6 for size in sizes]
        order = np.argsort(pixels)
        figure = Figure(figsize=(7.0, 4.5), layout='constrained')
        axes = figure.add_subplot()
        for name in next(iter(sizes.values())):
            medians = [sizes[size][name].median for size in sizes]
            axes.plot(
                np.array(pixels)[order],
                np.array(medians)[order],
                marker='o',
                linewidth=3 if name == 'hart' else 1.5,
                linestyle=':' if 'plain' in name else '-',
                label=name,
            )
        axes.set(xscale='log', yscale='log', ylabel=f'ms a frame, {_threads(threads)}')
        axes.set_xticks(pixels)
        axes.set_xticklabels(sizes, rotation=30, ha='right')
        axes.minorticks_off()
        axes.grid(True, color='0.9')
        axes.legend(loc='center left', bbox_to_anchor=(1.0, 0.5), frameon=False)
        figure.savefig(path, dpi=120)


def _figures(timing: Timing, reference: Timing) -> dict[str, Any]:
    """`ratio`: how many times as fast the reference is, hart or one target."""
    return {
        'median': timing.median,
        'p99': timing.p99,
        'fps': timing.fps,
        'ratio': ratio(timing, reference),
        'iou': timing.iou,
        'frames': timing.seconds.size,
    }


def _threads(count: int) -> str:
    return f'{count} thread' if count == 1 else f'{count} threads'
