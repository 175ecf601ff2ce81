# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Which sequences a folder holds."""

from __future__ import annotations

from hart_ros.data.listing import list_sequences


def test_all_kinds_of_sequences(tmp_path):
    for name in ('b_video/boxes.csv', 'c_otb/img/1.png', 'a.avi', 'a.csv', 'd.mp4', 'e.csv'):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found = list_sequences(tmp_path)
    assert [s.name for s in found] == ['a', 'b_video', 'c_otb']  # d has no boxes, e no video
    assert found[0].options == {'boxes': tmp_path / 'a.csv'}
    assert all(list_sequences(tmp_path / name) for name in ('a.avi', 'b_video', 'c_otb'))
    assert not list_sequences(tmp_path / 'd.mp4')
    assert not list_sequences(tmp_path / 'nowhere')
