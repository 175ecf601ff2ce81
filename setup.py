# SPDX-License-Identifier: Apache-2.0
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
    install_requires=[
        'setuptools',
        'matplotlib',
        'numpy',
        'pyyaml',
        'safetensors',
        'torch',
        'tqdm',
    ],
    extras_require={
        'bags': ['rosbags>=0.11'],
        'fast': ['onnx', 'onnxruntime'],
        'opencv': ['opencv-python-headless'],
        'test': [
            'got10k',
            'hypothesis',
            'pytest',
            'pytest-timeout',
            'rosbags',
            'six',
            'tensorboard',
        ],
        'train': ['tensorboard'],
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
