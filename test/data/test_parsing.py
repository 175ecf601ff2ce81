# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
from __future__ import annotations

import pytest

from hart_ros.data.parsing import parse_box, parse_size, source_options


@pytest.mark.parametrize('value', ['1,2,30,40.5', '[1, 2, 30, 40.5]', [1, 2, 30, 40.5]])
def test_a_box_as_people_write_it(value):
    assert parse_box(value, 'box') == (1.0, 2.0, 30.0, 40.5)


@pytest.mark.parametrize('value', ['', '[]', [], None, [0, 0, 0, 0], '0,0,0,0'])
def test_no_box(value):
    assert parse_box(value, 'box') is None


@pytest.mark.parametrize(
    'value', ['1,2,3', '1,2,3,4,5', 'a,b,c,d', '1,2,0,4', '1,2,3,-4', '1,2,nan,4', '1,inf,3,4']
)
def test_what_is_no_box_is_named(value):
    with pytest.raises(ValueError, match='^init: .*pixels'):
        parse_box(value, 'init')


@pytest.mark.parametrize(
    ('source', 'made'),
    [('synthetic', True), ('synthetic:3', True), ('synthetic.mp4', False), ('synthetic/a', False)],
)
def test_only_what_is_made_is_made_of_a_length(source, made):
    options = source_options(source, '', None, 9)
    assert options == ({'frames': 9} if made else {})


def test_a_size():
    assert parse_size('640x192', '--size') == (640, 192)


@pytest.mark.parametrize('text', ['640', '640x', 'x', '640 x 192', '640x-1', '8x8'])
def test_what_is_no_size_is_named(text):
    with pytest.raises(ValueError, match='^--size: .*640x192'):
        parse_size(text, '--size')
