# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
#
# shellcheck shell=bash
# Enters what scripts/setup.sh made. For sourcing: source scripts/env.sh
#
# With a sourced ROS 2 distribution: the distribution, plus what it lacks from .venv-$ROS_DISTRO.
# Without one: .venv alone. It is a ROS 2 prefix of its own, and nothing from outside may mix in.

_hart_root=$(cd "$(dirname "${BASH_SOURCE:-$0}")/.." && pwd)
if [ -n "${ROS_DISTRO:-}" ] && [ -f "$_hart_root/.venv-$ROS_DISTRO/bin/activate" ]; then
  _hart_venv=$_hart_root/.venv-$ROS_DISTRO
  # This checkout comes before a hart_ros that a workspace may have put on the path.
  export PYTHONPATH="$_hart_root${PYTHONPATH:+:$PYTHONPATH}"
  export AMENT_PREFIX_PATH="$_hart_venv${AMENT_PREFIX_PATH:+:$AMENT_PREFIX_PATH}"
else
  _hart_venv=$_hart_root/.venv
  unset PYTHONPATH RMW_IMPLEMENTATION
  export AMENT_PREFIX_PATH=$_hart_venv
  export CMAKE_PREFIX_PATH=$_hart_venv
  LD_LIBRARY_PATH=$_hart_venv/lib
  for _hart_libs in "$_hart_venv"/lib/python3.*/site-packages/ros_*.libs; do
    LD_LIBRARY_PATH=$LD_LIBRARY_PATH:$_hart_libs
  done
  export LD_LIBRARY_PATH
  # The wheels start every Python twice to set the line above; they need not.
  export _ROS_WHEELS_BOOTSTRAP_COMPLETE=1
fi
# shellcheck disable=SC1091
. "$_hart_venv/bin/activate"
unset _hart_root _hart_venv _hart_libs
