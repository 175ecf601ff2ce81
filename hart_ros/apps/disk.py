# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What is said when a disk is full, and how it is noticed while files can still be finished."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
RESERVE = 16 << 20  # bytes; room for what an encoder holds back, and for the index of video or bag


class OutputError(OSError):
    """A file that cannot be written; the message names it and says what to do."""


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Raises OutputError in place of OSErrors, of which many do not name their file."""
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        mend = '; free some space, or write elsewhere' if error.errno in FULL else ''
        raise OutputError(f'{path}: {error.strerror or error}{mend}') from error


def need_space(path: Path) -> None:
    """Raises OSError where the file could not be finished any more."""
    if shutil.disk_usage(path if path.exists() else path.parent).free < RESERVE:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
