#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
#
# Makes what hart_ros runs in: `.venv` with ROS 2 Jazzy wheels, or, where a ROS 2 distribution is
# sourced, `.venv-$ROS_DISTRO` with what that distribution lacks. Instant when nothing changed.
# --tests adds what scripts/test.sh needs. PYTHON=python3.12 picks the interpreter. See
# CONTRIBUTING.md.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
scripts=$root/scripts
detection_hash=RIHS01_0d12b69df5c593b3455b7346fac8205437a7d4bcb09b9e0e0b2dde787ded38ea

fail() {
  echo "setup: $*" >&2
  exit 1
}

tests=
case ${1:-} in
  '') ;;
  --tests) tests=yes ;;
  *) fail "$1: the only argument is --tests" ;;
esac

has() { "$1" -c "import $2" >/dev/null 2>&1; }

# ---- distribution or wheels? --------------------------------------------------------------------
distro=${ROS_DISTRO:-}
if [ -n "$distro" ] && [ ! -f "$root/.venv-$distro/hart_ros.stamp" ] &&
  ! has "${PYTHON:-python3}" rclpy; then
  echo "setup: ROS_DISTRO is $distro, but ${PYTHON:-python3} cannot import rclpy: using wheels" \
    "(or stop, and name the distribution's Python: PYTHON=/usr/bin/python3)"
  distro=
fi
venv=$root/.venv${distro:+-$distro}
log=$venv/setup.log
stamp=$venv/hart_ros.stamp
tests_stamp=$venv/tests.stamp
python=$venv/bin/python

# ---- nothing changed? ---------------------------------------------------------------------------
fingerprint() {
  {
    echo "$root"
    cat "$scripts"/setup.sh "$scripts"/requirements{,-ros}.txt "$scripts"/vision_msgs/*.* \
      "$scripts"/vision_msgs/msg/*.msg "$root/setup.py" "$root/setup.cfg" "$root/package.xml"
  } | sha256sum | cut -d ' ' -f 1
}
tests_fingerprint() { cat "$stamp" "$scripts/requirements-test.txt" | sha256sum; }
installed_ready() {
  [ -x "$python" ] && [ ! -e "$venv/installing" ] &&
    [ "$(cat "$stamp" 2>/dev/null)" = "$(fingerprint)" ] &&
    { [ -z "${PYTHON:-}" ] || [ "$(version "$PYTHON")" = "$(version "$python")" ]; }
}
tests_ready() {
  [ -z "$tests" ] || [ "$(cat "$tests_stamp" 2>/dev/null)" = "$(tests_fingerprint)" ]
}
ready() { installed_ready && tests_ready; }
version() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true; }

ready && exit 0
exec 9<"$scripts" && flock 9  # one set-up at a time; a second one waits and finds the work done
ready && exit 0

# ---- can it work here? --------------------------------------------------------------------------
# An environment that exists keeps its Python; the path printed is outside of any environment.
# A distribution decides on its own Python (Lyrical: 3.14); there are wheels for 3.10 to 3.13.
pick_python() {
  local candidate seen=
  for candidate in ${PYTHON:-"$python" python3 python3.12 python3.11 python3.13 python3.10}; do
    case ${distro:+any }$(version "$candidate") in
      3.1[0-3] | 'any 3.1'[0-9])
        has "$candidate" 'venv, ensurepip' &&
          "$candidate" -c 'import sys; print(sys._base_executable)' && return
        fail "$candidate has no venv module: sudo apt install python$(version "$candidate")-venv"
        ;;
      *[0-9]) seen="$seen $candidate is $(version "$candidate");" ;;
    esac
  done
  fail "Python 3.10 to 3.13 is needed (${seen:-none found;}" \
    "sudo apt install python3 python3-venv, or name one: PYTHON=/path/to/python3.12)"
}
base=$(pick_python)

if [ -z "$distro" ]; then
  [ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] ||
    fail "ROS 2 wheels exist for x86-64 Linux only: install a ROS 2 distribution and source it"
  for compiler in "${CC:-cc}" "${CXX:-c++}"; do
    command -v "${compiler%% *}" >/dev/null ||
      fail "no C/C++ compiler ($compiler): sudo apt install build-essential"
  done
  [ -f "$("$base" -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h" ] ||
    fail "Python.h is missing: sudo apt install python$(version "$base")-dev"
else
  missing=()
  for pair in vision_msgs:ros-"$distro"-vision-msgs diagnostic_msgs:ros-"$distro"-diagnostic-msgs \
    cv2:python3-opencv matplotlib:python3-matplotlib numpy:python3-numpy yaml:python3-yaml; do
    has "$base" "${pair%%:*}" || missing+=("${pair#*:}")
  done
  [ ${#missing[@]} -eq 0 ] || fail "$base lacks modules: sudo apt install ${missing[*]}"
fi

# ---- work ---------------------------------------------------------------------------------------
step=0
steps=5
[ -z "$distro" ] || steps=3
if installed_ready; then steps=0; fi
[ -z "$tests" ] || steps=$((steps + 1))
say() { printf '[%d/%d] %s\n' "$((step += 1))" "$steps" "$*"; }

# Runs a command with its output in the log, and shows the log's last line every ten seconds.
# What shows it must not hold the lock (descriptor 9) when its last sleep outlives the set-up.
quietly() {
  (
    while sleep 10 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do
      [ ! -s "$log" ] || printf '      %s\n' "$(tail -n 1 "$log" | cut -c 1-90)"
    done
  ) 9<&- &
  local pulse=$! status=0
  "$@" >>"$log" 2>&1 || status=$?
  kill "$pulse" 2>/dev/null || true
  return "$status"
}

# An installation that was killed half-way may look whole to pip, so it is never built upon: the
# mark is only removed when pip has ended by itself.
pip_install() {
  local status=0
  touch "$venv/installing"
  quietly "$python" -m pip install --disable-pip-version-check --no-input --progress-bar off "$@" ||
    status=$?
  rm -f "$venv/installing"
  return "$status"
}
pip_or_fail() {
  pip_install "$@" || fail "download failed: check the network and run this again ($(last_error))"
}
last_error() { echo "$(grep -E '^ *(ERROR|error):' "$log" | tail -n 1 | cut -c 1-160); log: $log"; }

# The build without CUDA where pip's own configuration knows a place that has it; else the default.
install_torch() {
  local torch
  torch=$(grep '^torch==' "$scripts/requirements.txt")
  installed "$torch" || pip_install "$torch+cpu" && return
  echo '      pip offers no CPU build here: the default one may be several GB, once'
  pip_or_fail "$torch"
}
installed() { # NAME==VERSION, any build of it
  "$python" - "$1" >/dev/null 2>&1 <<'END'
import sys
from importlib.metadata import version

name, wanted = sys.argv[1].split('==')
sys.exit(version(name).split('+')[0] != wanted)
END
}

# The requirements of a file that match a pattern and that the distribution has in no version.
install_missing() {
  local requirement missing=()
  while read -r requirement; do
    "$python" -m pip show --quiet "${requirement%%==*}" >/dev/null 2>&1 || missing+=("$requirement")
  done < <(grep -E "$1" "$2")
  [ ${#missing[@]} -eq 0 ] || pip_or_fail "${missing[@]}"
}

# A wheel cannot say where ROS looks for launch files and executables, and an editable install
# copies no data files: links make the environment a prefix that `ros2` and ament_index know.
link_prefix() {
  local share=$venv/share/hart_ros index=$venv/share/ament_index/resource_index/packages name
  mkdir -p "$share" "$index" "$venv/lib/hart_ros"
  ln -sfn "$root/resource/hart_ros" "$index/hart_ros"
  for name in package.xml launch config; do
    ln -sfn "$root/$name" "$share/$name"
  done
  # Old setuptools put them in lib/hart_ros (setup.cfg), new ones in bin.
  for name in $(sed -n "s/^ *'\([a-z_-]*\) = hart_ros.*/\1/p" "$root/setup.py"); do
    if [ -f "$venv/bin/$name" ] && [ ! -L "$venv/bin/$name" ]; then
      ln -sfn "$venv/bin/$name" "$venv/lib/hart_ros/$name"
    else
      ln -sfn "$venv/lib/hart_ros/$name" "$venv/bin/$name"
    fi
  done
}

if [ -e "$venv/installing" ]; then
  echo "setup: the last set-up was cut short while it installed: starting over"
  rm -rf "$venv"
elif [ -e "$venv" ] && [ "$(version "$python")" != "$(version "$base")" ]; then
  rm -rf "$venv"
fi
start=$SECONDS
unset PIP_REQUIRE_VIRTUALENV PIP_TARGET PIP_USER PIP_PREFIX
[ -n "$distro" ] || unset PYTHONPATH _ROS_WHEELS_BOOTSTRAP_COMPLETE

constrain() {
  # A distribution's modules are compiled for its numpy: what pip puts before it, if something needs
  # a newer one (ONNX Runtime on Humble), has to be of the same major version, which serves them too.
  "$python" - >"$venv/constraints.txt" <<'EOF'
import numpy
version = numpy.__version__
print(f'numpy>={version},<{int(version.split(".")[0]) + 1}')
EOF
  export PIP_CONSTRAINT=$venv/constraints.txt
}

# Only for developers, so it comes last: whatever it meets, hart_ros is there.
add_tests() {
  say 'test tools'
  if [ -z "$distro" ]; then
    pip_or_fail -r "$scripts/requirements.txt" -r "$scripts/requirements-test.txt"
  else
    constrain
    install_missing '^[a-z]' "$scripts/requirements-test.txt"
  fi
  tests_fingerprint >"$tests_stamp"
}

if installed_ready; then
  add_tests
  echo "ready after $((SECONDS - start)) s"
  exit 0
fi
rm -f "$stamp"

say "Python $(version "$base") in ${venv#"$root"/}"
mkdir -p "$venv"
: >"$log"
[ -x "$venv/bin/pip" ] || quietly "$base" -m venv ${distro:+--system-site-packages} "$venv" ||
  fail "python could not make a virtual environment (log: $log)"

if [ -z "$distro" ]; then
  say 'torch (the CPU build where pip offers it)'
  install_torch
  say 'ROS 2 Jazzy, OpenCV, numpy'
  pip_or_fail -r "$scripts/requirements-ros.txt" -r "$scripts/requirements.txt"

  say 'vision_msgs (compiled, about a minute)'
  # shellcheck source=scripts/env.sh
  (. "$scripts/env.sh" && quietly bash "$scripts/vision_msgs/build.sh" "$venv") ||
    fail "vision_msgs did not build: install g++ 9 or newer, or send this log: $log"
  grep -q "$detection_hash" "$venv/share/vision_msgs/msg/Detection2D.json" ||
    fail "vision_msgs/Detection2D has another type hash than upstream: restore scripts/vision_msgs"
else
  constrain
  say "torch and safetensors, where $distro lacks them"
  has "$python" torch || install_torch
  install_missing '^(rosbags|safetensors|tqdm)==' "$scripts/requirements.txt"
  (install_missing '^onnx' "$scripts/requirements.txt") 2>/dev/null ||
    echo "      without ONNX Runtime, which does not fit this numpy: torch runs the network, slower"
  pip_or_fail "$(grep '^setuptools==' "$scripts/requirements.txt")"
fi

say 'hart_ros'
pip_install --no-deps --no-build-isolation --use-pep517 -e "$root" ||
  fail "hart_ros could not be installed ($(last_error))"
link_prefix
# shellcheck source=scripts/env.sh
. "$scripts/env.sh"
(cd / && python -c 'import cv2, numpy, rclpy, safetensors, torch, vision_msgs.msg, hart_ros') \
  2>>"$log" || fail "$(tail -n 1 "$log") (remove $venv and run this again; log: $log)"
fingerprint >"$stamp"
[ -z "$tests" ] || add_tests
echo "ready after $((SECONDS - start)) s"
