# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Image sequences with boxes: readers of common layouts and a generator of synthetic drives."""

from hart_ros.data.source import Source, SourceError, SourceFrame, first_box, open_source

__all__ = ['Source', 'SourceError', 'SourceFrame', 'first_box', 'open_source']
