# SPDX-License-Identifier: Apache-2.0
"""How fast the tracker and its node are, measured."""
