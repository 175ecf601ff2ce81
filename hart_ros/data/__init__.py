# SPDX-License-Identifier: Apache-2.0
"""Image sequences with boxes: readers of common layouts and a generator of synthetic drives."""

from hart_ros.data.source import first_box
from hart_ros.data.source import open_source
from hart_ros.data.source import Source
from hart_ros.data.source import SourceError
from hart_ros.data.source import SourceFrame

__all__ = ['Source', 'SourceError', 'SourceFrame', 'first_box', 'open_source']
