# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The networks made fast for tracking, from the very modules that are trained.

On the CPU ONNX Runtime runs the costly part, where it is installed (`pip install '.[fast]'`). It
was chosen by measurement: see README. Else, and on CUDA, torch does, with batch norm folded.
"""

from __future__ import annotations

import copy
import importlib.util
import io
import warnings
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from hart_ros.model.hart_2017 import HART2017

from .types import BACKENDS

OPSET = 17
Model = TypeVar('Model', bound=nn.Module)
Run = Callable[..., Sequence[Tensor]]  # tensors in, tensors out


def select_backend(name: str, device: torch.device) -> str:
    """'onnx', 'int8' or 'torch'; 'auto' takes ONNX Runtime on a CPU that has it.

    Raises:
        ValueError: another name, or ONNX Runtime where it cannot be.
    """
    if name not in BACKENDS:
        raise ValueError(f'backend: {name!r} is none of {", ".join(BACKENDS)}')
    missing = [m for m in ('onnx', 'onnxruntime') if importlib.util.find_spec(m) is None]
    possible = device.type == 'cpu' and not missing
    if name == 'auto':
        return 'onnx' if possible else 'torch'
    if name != 'torch' and not possible:
        reason = f'install {" and ".join(missing)}' if missing else 'it is for device cpu'
        raise ValueError(f'backend: {name} cannot be had: {reason}')
    return name


def folded(model: Model) -> Model:
    """A copy for inference: batch norm inside the convolutions before it, channels last."""
    model = copy.deepcopy(model).requires_grad_(False)
    for module in list(model.modules()):
        children = list(module.named_children())
        for (first, conv), (second, norm) in pairwise(children):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(module, first, fuse_conv_bn_eval(conv, norm))
                setattr(module, second, nn.Identity())
    return model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def with_onnx_v1(model: HART2017, threads: int) -> HART2017:
    """A copy whose V1, nearly all of its cost, runs in ONNX Runtime."""
    model = copy.deepcopy(model).requires_grad_(False)
    side = model.config.glimpse_size
    run = onnx_session(model.v1, (torch.zeros(2, 3, side, side),), threads)
    model.v1 = _OnnxModule(run)  # type: ignore[assignment]
    return model


class _OnnxModule(nn.Module):
    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.run(*inputs)[0]


def onnx_session(
    module: nn.Module, example: Sequence[Tensor], threads: int, profile: str = ''
) -> Run:
    """A module in ONNX Runtime; folds batch norm and picks the layout of tensors by itself.

    Args:
        module: takes and returns tensors whose first axis is the batch; set to evaluation.
        example: a batch of two, by which the module is traced.
        threads: of ONNX Runtime.
        profile: begin of a file's path, to which the time of each operation is written.
    """
    import onnxruntime

    module.eval()  # what the exporter finds in training it leaves there
    names = [f'input_{i}' for i in range(len(example))]
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter('ignore')  # of tracing: shapes but the batch's are constant
        returned = module(*example)
        count = 1 if isinstance(returned, Tensor) else len(returned)
        outputs = [f'output_{i}' for i in range(count)]
        file = io.BytesIO()
        torch.onnx.export(
            module,
            tuple(example),
            file,  # type: ignore[arg-type]
            dynamo=False,
            opset_version=OPSET,
            input_names=names,
            output_names=outputs,
            dynamic_axes={name: {0: 'batch'} for name in names + outputs},
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    options.enable_profiling = bool(profile)
    options.profile_file_prefix = profile
    # Threads that wait for work shall sleep: a robot has other use for its cores.
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    session = onnxruntime.InferenceSession(
        file.getvalue(), options, providers=['CPUExecutionProvider']
    )
    used = {node.name for node in session.get_inputs()}  # the exporter may drop some

    def run(*inputs: Tensor) -> list[Tensor]:
        feed = {name: x.numpy() for name, x in zip(names, inputs) if name in used}
        return [torch.from_numpy(array) for array in session.run(None, feed)]

    return run
