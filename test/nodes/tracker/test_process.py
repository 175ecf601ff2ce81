# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Start, end, names, parameters and quality of service of the process."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import cv2
import pytest
import yaml

pytest.importorskip('rclpy', reason='needs ROS 2: bash scripts/setup.sh, or source a distro')

from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CompressedImage, Image
from tracker_harness import Camera, Hart, picture, stamp_of
from vision_msgs.msg import Detection2D

from hart_ros.nodes.parameters import SPECS

NODE = 'hart_ros.nodes.tracker_node'
CONFIG = Path(__file__).resolve().parents[3] / 'config' / 'tracker.yaml'


@pytest.mark.parametrize('how', [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_it_quietly_while_it_tracks(run_tracker: Any, how: signal.Signals) -> None:
    with run_tracker(module=str(Path(__file__).with_name('what_is_left.py'))) as (hart, camera):
        hart.track(camera)
        for _ in range(5):
            camera.publish()
        began = time.monotonic()
        assert hart.process.stop(how) == 0
        assert time.monotonic() - began < 2.0
        hart.process.wait_for_output('threads: MainThread\n')
        assert 'Traceback' not in hart.process.output
        assert 'ERROR' not in hart.process.output


def test_a_misspelt_parameter_is_named(start_node: Any, weights: Path) -> None:
    given = ('-p', f'weights:={weights}', '-p', 'lost_scor:=0.3', '-p', 'fleet_name:=blue')
    with start_node(NODE, *given) as process:
        process.wait_for_output('lost_scor: no such parameter, .* did you mean lost_score')
        process.wait_for_output('images from')
        assert 'fleet_name' not in process.output
        assert process.stop() == 0


@pytest.mark.parametrize('how', [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_it_quietly_while_it_starts(
    start_node: Any, peer: Any, weights: Path, how: signal.Signals
) -> None:
    with start_node(NODE, '-p', f'weights:={weights}') as process:
        maps = Path(f'/proc/{process.process.pid}/maps')
        peer.wait_for(lambda: 'torch' in maps.read_text(), what='the import of torch')
        assert process.stop(how) == 0
        assert 'Traceback' not in process.output


def test_a_missing_module_is_one_line(start_node: Any, tmp_path: Path) -> None:
    script = tmp_path / 'without_torch.py'
    script.write_text(
        "import sys\nsys.modules['torch'] = None\n"
        'from hart_ros.nodes.tracker_node import main\nsys.exit(main())\n'
    )
    with start_node(str(script)) as process:
        assert process.wait() == 1
        process.wait_for_output(r'\[FATAL\].*torch.*: install it for /')
        assert len(process.output.splitlines()) == 1


@pytest.fixture(scope='session')
def other_weights(weights: Path) -> dict[str, Path]:
    """Return weights whose tensors are not those of their network, and of a strange network."""
    from safetensors import safe_open
    from safetensors.torch import save_file

    with safe_open(str(weights), framework='pt') as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    made = {name: weights.with_name(f'{name}.safetensors') for name in ('SHAPES', 'STRANGE')}
    config = metadata['config'].replace('"hidden": 128', '"hidden": 96')
    save_file(tensors, made['SHAPES'], {**metadata, 'config': config})
    save_file(tensors, made['STRANGE'], {'model': 'resnet'})
    return made


@pytest.mark.parametrize(
    ('arguments', 'line'),
    [
        (('-p', 'weights:=/nowhere/hart.safetensors'), 'weights: no file /nowhere'),
        (('-p', f'weights:={__file__}'), 'weights: .* is damaged'),
        (
            ('-p', 'weights:=SHAPES'),
            r'weights: .* does not fit this version: tensor \w+.* is \(512, 128\), not',
        ),
        (('-p', 'weights:=STRANGE'), "weights: .* is not for HART but for 'resnet'"),
        (('-p', 'device:=tpu'), "device: 'tpu' is none of auto, cpu, cuda"),
        (('-p', 'backend:=tpu'), "backend: 'tpu' is none of auto, onnx, int8, torch"),
        (('-p', 'threads:=-1'), 'threads: .*Min: 0, Max: 256'),
        (('-p', 'init_box:=[1.0, 2.0]'), 'init_box: .* four numbers'),
        (('-p', 'qos_overrides./image.subscription.reliability:=some'), "reliability: 'some' is"),
        (('-p', 'qos_overrides./hart/detection.publisher.history:=some'), 'history.*some'),
        (('-p', 'qos_overrides./hart/init_box.subscription.depth:=-3'), 'init_box.*depth: -3'),
        (('-p', 'qos_overrides./hart/init_box.subscription.durability:=7'), 'init_box.*7.*STRING'),
    ],
)
def test_what_it_cannot_start_with_is_one_line(
    start_node: Any, other_weights: dict[str, Path], arguments: tuple[str, ...], line: str
) -> None:
    for name, path in other_weights.items():
        arguments = tuple(argument.replace(name, str(path)) for argument in arguments)
    with start_node(NODE, *arguments) as process:
        assert process.wait() == 1
        process.wait_for_output(rf'\[FATAL\].*{line}')
        assert len(process.output.splitlines()) == 1


def test_arguments_that_ros_cannot_read_are_an_error(start_node: Any, tmp_path: Path) -> None:
    """Not an end like that of Ctrl-C, though there is no ROS context then either."""
    file = tmp_path / 'mine.yaml'
    file.write_text('/**/hart:\n  ros__parameters:\n    lost_score: [\n')
    with start_node(NODE, '--params-file', str(file)) as process:
        assert process.wait() == 1
        process.wait_for_output(r'\[FATAL\].*not understood: .*mine.yaml')
        assert 'Traceback' not in process.output


def test_parameter_file_holds_all_parameters_with_their_defaults() -> None:
    values = yaml.safe_load(CONFIG.read_text())['/**/hart']['ros__parameters']
    assert values == {name: spec.default for name, spec in SPECS.items()}


def test_compressed_images_in_a_namespace_with_simulated_time(
    start_node: Any, make_peer: Any, weights: Path
) -> None:
    """All that the parameter file and the command line set, in one node."""
    arguments = ['--params-file', str(CONFIG)]  # first: what comes later wins
    arguments += ['-r', '__ns:=/left', '-r', 'image:=/cam/image', '-p', 'use_sim_time:=true']
    arguments += ['-p', 'image_transport:=compressed', '-p', f'weights:={weights}']
    arguments += ['-p', 'init_box:=[60, 40, 32, 24]']
    with start_node(NODE, *arguments) as process, make_peer('camera') as peer:
        camera = Camera(peer.publisher(CompressedImage, '/cam/image/compressed'))
        hart = Hart(process, peer, '/left/hart')
        values = hart.wait_for_values(
            lambda v: v['image_reliability'] == 'reliable' and v['waiting_box'], 'reliable'
        )
        assert values['name'] == 'left/hart: tracker'

        def compressed(data: bytes, image_format: str = 'bgr8; jpeg compressed bgr8') -> Any:
            header = camera.image(picture(0)).header
            return CompressedImage(header=header, format=image_format, data=data)

        jpeg = cv2.imencode('.jpg', picture(0))[1].tobytes()
        png = cv2.imencode('.png', picture(0)[..., 0])[1].tobytes()
        for data, image_format in ((jpeg, 'jpeg'), (png, 'mono8; png compressed ')):
            msg = compressed(data, image_format)
            camera.send(msg)
            hart.wait_for_detection(stamp_of(msg))
        assert hart.detections[0].bbox.size_x == 32.0
        for msg, said in (
            (compressed(b''), 'the compressed image is empty'),
            (compressed(jpeg[: len(jpeg) // 2]), 'the JPEG breaks off'),
            (compressed(png[:-100]), 'the PNG breaks off'),
            (compressed(b'nonsense'), 'no whole JPEG or PNG'),
            (compressed(png, '16UC1; compressedDepth'), 'compressedDepth'),
        ):

            def heard(msg: Any = msg, said: str = said) -> bool:
                msg.header = camera.image(picture(0)).header
                camera.send(msg)
                peer.spin(0.1)
                return said in process.output

            peer.wait_for(heard, what=said)
        msg = compressed(jpeg)
        camera.send(msg)
        hart.wait_for_detection(stamp_of(msg))


def test_mismatches_are_reported_with_the_setting_that_mends_them(
    start_node: Any, peer: Any, weights: Path
) -> None:
    reliable = 'qos_overrides./image.subscription.reliability:=reliable'
    with start_node(NODE, '-p', f'weights:={weights}', '-p', reliable) as process:
        peer.node.create_publisher(Image, '/image', qos_profile_sensor_data)
        process.wait_for_output(
            'a publisher on /image offers another reliability.*'
            'set qos_overrides./image.subscription.reliability to best_effort and start this node '
            'again'
        )
        peer.node.create_publisher(Detection2D, '/hart/init_box', qos_profile_sensor_data)
        process.wait_for_output(
            'set qos_overrides./hart/init_box.subscription.reliability to best_effort'
        )
        assert process.stop() == 0


def test_a_camera_that_does_not_come_is_missed(start_node: Any, peer: Any, weights: Path) -> None:
    with start_node(NODE, '-p', f'weights:={weights}', '-r', 'image:=/no/such') as process:
        process.wait_for_output('nobody publishes /no/such; start the camera, or remap')
        assert process.stop() == 0
        assert process.output.count('nobody publishes') == 1


def test_compressed_only_camera_is_pointed_out(start_node: Any, peer: Any, weights: Path) -> None:
    with start_node(NODE, '-p', f'weights:={weights}') as process:
        peer.node.create_publisher(CompressedImage, '/image/compressed', 1)
        process.wait_for_output('set image_transport to compressed')
        peer.node.create_publisher(CompressedImage, '/image', 1)
        process.wait_for_output('/image is published as sensor_msgs/msg/CompressedImage')
        assert process.stop() == 0


@pytest.mark.parametrize('network', ['ratm', 'hart_2017'])
def test_weights_say_which_network_tracks(run_tracker: Any, tmp_path: Path, network: str) -> None:
    import torch

    from hart_ros.tracking import save_weights
    from hart_ros.tracking.weights import MODELS

    torch.manual_seed(0)
    make, config = MODELS[network]
    save_weights(make(config()), tmp_path / 'other.safetensors')
    with run_tracker('-p', f'weights:={tmp_path}/other.safetensors') as (hart, camera):
        stamp = camera.publish(picture(0))
        hart.send_box((30.0, 50.0, 61.0, 33.0), stamp)
        for seed in range(1, 4):
            hart.wait_for_detection(stamp)
            stamp = camera.publish(picture(seed))
        hart.wait_for_detection(stamp)
        assert len(hart.detections) == 4


def test_reliability_follows_the_publishers(run_tracker: Any, make_peer: Any) -> None:
    auto = 'qos_overrides./image.subscription.reliability:=auto'
    with run_tracker('-p', auto) as (hart, _):
        hart.wait_for_values(lambda v: v['image_reliability'] == 'reliable', 'reliable')
        with make_peer('best_effort_camera') as peer:
            other = Camera(peer.publisher(Image, '/image', qos_profile_sensor_data))
            hart.wait_for_values(lambda v: v['image_reliability'] == 'best_effort', 'best effort')
            hart.send_box()

            def tracked() -> bool:
                stamp = other.publish()
                hart.peer.spin(0.1)
                return any(stamp_of(d) == stamp for d in hart.detections)

            hart.peer.wait_for(tracked, what='a detection in the best effort images')
        hart.wait_for_values(lambda v: v['image_reliability'] == 'reliable', 'reliable again')
        hart.wait_for_values(lambda v: v['image_publishers'] == '1', 'one publisher')
