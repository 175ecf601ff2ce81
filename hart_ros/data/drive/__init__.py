# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The parts of a synthetic drive: camera, raster, textures, meshes, actors, scenery, light.

World and camera axes are x right, y down, z forward, in metres; the road lies at y = 0. A heading
is the angle from +z towards +x, in radians.
"""
