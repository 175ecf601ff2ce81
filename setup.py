# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Installs hart_ros; colcon and pip both read this file."""

from glob import glob

from setuptools import find_packages, setup

package_name = 'hart_ros'

setup(
    name=package_name,
    version='0.1.0',
    description='Hierarchical Attentive Recurrent Tracking (HART): track one object in video',
    long_description='See README.md.',
    author='hart_ros maintainers',
    author_email='maintainers@hart-ros.example',
    maintainer='hart_ros maintainers',
    maintainer_email='maintainers@hart-ros.example',
    license='Apache-2.0',
    keywords=['ROS', 'tracking', 'attention'],
    packages=find_packages(include=[package_name, package_name + '.*']),
    package_data={package_name: ['py.typed', 'weights/*.safetensors', 'weights/*.md']},
    data_files=[
        ('share/ament_index/resource_index/packages', ['resource/' + package_name]),
        ('share/' + package_name, ['package.xml']),
        ('share/' + package_name + '/launch', sorted(glob('launch/*.launch.py'))),
        ('share/' + package_name + '/config', sorted(glob('config/*.*'))),
    ],
    zip_safe=False,
    python_requires='>=3.10',
    # rclpy and the messages come with ROS. So may OpenCV, of which pip would not know: without ROS,
    # `pip install '.[opencv]'`. `fast` brings ONNX Runtime, which tracks faster than torch.
    # Versions from what Humble brings, or what is known to work, to the next major one; of torch
    # from the first in which torch.load(weights_only=True) cannot be made to run code.
    install_requires=[
        'setuptools>=59',
        'matplotlib>=3.5,<4',
        'numpy>=1.21,<3',
        'pyyaml>=5.4,<7',
        'safetensors>=0.4,<1',
        'torch>=2.6,<3',
        'tqdm>=4.57,<5',
    ],
    extras_require={
        'bags': ['rosbags>=0.11,<1'],
        'fast': ['onnx>=1.14,<2', 'onnxruntime>=1.15,<2'],
        'opencv': ['opencv-python-headless>=4.5.4,<6'],
        'test': [
            'got10k',
            'hypothesis',
            'mcap-ros2-support',
            'pytest',
            'pytest-timeout',
            'rosbags',
            'six',
            'tensorboard',
        ],
        'train': ['tensorboard>=2.10,<3'],
    },
    entry_points={
        'console_scripts': [
            'tracker_node = hart_ros.nodes.tracker_node:main',
            'player_node = hart_ros.nodes.player_node:main',
            'select_box_node = hart_ros.nodes.select_box_node:main',
            'hart-ablate = hart_ros.training.ablate:main',
            'hart-benchmark = hart_ros.benchmark.main:main',
            'hart-benchmark-node = hart_ros.benchmark.node:main',
            'hart-demo = hart_ros.demo.main:main',
            'hart-evaluate = hart_ros.evaluation.main:main',
            'hart-experiment = hart_ros.experiments.main:main',
            'hart-track = hart_ros.apps.track:main',
            'hart-train = hart_ros.training.main:main',
            'hart-trax = hart_ros.apps.trax:main',
        ],
    },
)
