# SPDX-License-Identifier: Apache-2.0
"""Training of the shipped network: clips, augmentation, objective, loop."""
