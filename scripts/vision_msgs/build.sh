#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
#
# Builds and installs vision_msgs into the virtual environment named by the first argument.
set -euo pipefail

venv=$1
cmake -G Ninja -S "$(dirname "${BASH_SOURCE[0]}")" -B "$venv/build/vision_msgs" \
  -DCMAKE_INSTALL_PREFIX="$venv" -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF \
  -DPython3_EXECUTABLE="$venv/bin/python" -DPython3_FIND_VIRTUALENV=ONLY
cmake --build "$venv/build/vision_msgs"
cmake --install "$venv/build/vision_msgs"
