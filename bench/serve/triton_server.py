"""Triton Inference Server with the same model: python triton_server.py MODEL.onnx PORT.

nvidia-pytriton (0.7.0) brings NVIDIA's server and its Python backend, which embeds an early Python 3.11: it starts with Debian's
3.11.2 and not with 3.11.7. The model image takes the contents of an image file (BYTES [1]) and
answers with its score, as onnx_server.py computes it."""
import sys

import numpy as np
from pytriton.model_config import ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig

from onnx_model import Model

model, port = Model(sys.argv[1]), int(sys.argv[2])


def infer(requests):
    return [{"score": np.array([model.score(request.data["image"][0])], np.float32)} for request in requests]


config = TritonConfig(http_port=port, grpc_port=port + 1, metrics_port=port + 2)
with Triton(config=config) as triton:
    triton.bind(
        model_name="parts",
        infer_func=infer,
        inputs=[Tensor(name="image", dtype=bytes, shape=(-1,))],
        outputs=[Tensor(name="score", dtype=np.float32, shape=(-1,))],
        config=ModelConfig(batching=False),
    )
    triton.serve()
