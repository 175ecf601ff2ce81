# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch.testing import assert_close

from hart_ros.model.hart import HART, HartConfig
from hart_ros.training.grow import grown

SMALL = HartConfig(
    glimpse_size=32, v1_widths=(4, 6, 6), v1_strides=(2, 2, 1), key_width=5, hidden=6
)


def learnt(config: HartConfig) -> HART:
    """A network none of whose parameters is what it starts with."""
    model = HART(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return model


@pytest.mark.parametrize(
    'larger',
    [
        {'v1_widths': (5, 9, 9)},
        {'v1_widths': (4, 6, 6, 6, 6), 'v1_strides': (2, 2, 1, 1, 1)},
        {'dorsal_width': 40},
        {
            'v1_widths': (5, 9, 9, 9),
            'v1_strides': (2, 2, 1, 1),
            'dorsal_width': 40,
        },
    ],
)
def test_larger_network_computes_the_same_and_can_learn(larger: dict[str, Any]) -> None:
    torch.manual_seed(0)
    old = learnt(SMALL)
    new = HART(replace(SMALL, **larger)).eval()
    new.load_state_dict(grown(old.state_dict(), new))
    images, boxes = torch.rand(2, 4, 3, 48, 64), torch.tensor([[20.0, 15, 16, 12]] * 2)
    for before, after in zip(old(images, boxes), new(images, boxes)):
        assert_close(after.box_xywh, before.box_xywh)
        assert_close(after.score, before.score)
        assert_close(after.mask_logits, before.mask_logits)
    sum(step.box_xywh.sum() + step.mask_logits.sum() for step in new(images, boxes)).backward()
    assert all(p.grad is not None for p in new.parameters())
    first = new.v1[0].conv.weight.grad
    assert first is not None and first[:4].abs().sum() > 0


@pytest.mark.parametrize(
    ('other', 'says'),
    [
        ({'hidden': 8}, 'is .*, not'),
        ({'key_width': 6}, 'is .*, not'),
        ({'v1_widths': (3, 6, 6)}, 'v1.0.conv.weight is'),
        ({'v1_widths': (4, 6, 6, 9), 'v1_strides': (2, 2, 1, 1)}, 'one width'),
        ({'v1_widths': (4, 6), 'v1_strides': (2, 2)}, 'no place'),
    ],
)
def test_what_is_no_larger_network_is_refused(other: dict[str, Any], says: str) -> None:
    old, new = HART(SMALL), HART(replace(SMALL, **other))
    with pytest.raises(ValueError, match=says):
        grown(old.state_dict(), new)
