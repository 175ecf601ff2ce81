# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The player node, which says at its end what is tied to the future that it ends with. A script."""

from __future__ import annotations

import sys

from hart_ros.nodes.player import PlayerNode
from hart_ros.nodes.player_node import main

_close = PlayerNode.close


def _counted(self: PlayerNode) -> None:
    print(f'tied to the end: {len(self.finished._callbacks)}', flush=True)
    _close(self)


if __name__ == '__main__':
    PlayerNode.close = _counted  # type: ignore[method-assign]
    sys.exit(main())
