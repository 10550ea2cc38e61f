#!/usr/bin/env python3
"""ONNX Runtime's and OpenVINO's side of `msflow bench backbone`: the same networks as in peer_torch.py, exported, with the same flags and
JSON fields.

Usage: python bench/peer_runtime.py backbone --runtime onnxruntime|openvino [--precision f32|bf16] [--backbone efficientnet_lite0]
[--size 256 --batch 8 --seconds 3 --threads 2]

Needs what bench/requirements-torch.txt and bench/requirements-runtime.txt list.
"""
import argparse
import json
import os
import sys
import tempfile

import torch

import peer_torch


def export(net, x, path):
    """Writes the network as ONNX, by the exporter that needs nothing but the onnx package."""
    names = ["map%d" % i for i in range(3)]
    with torch.no_grad():
        torch.onnx.export(net, (x,), path, input_names=["x"], output_names=names, opset_version=17, dynamo=False)


def onnxruntime_session(path, threads, precision):
    import onnxruntime

    if precision != "f32":
        sys.exit("peer_runtime: ONNX Runtime computes float32 networks on processors in f32 only")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return (lambda x: session.run(None, {"x": x})), "onnxruntime " + onnxruntime.__version__


def openvino_session(path, threads, precision):
    import openvino

    config = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": precision}
    compiled = openvino.Core().compile_model(path, "CPU", config)
    request = compiled.create_infer_request()
    # Outputs stay valid until the next call only, as those of msflow.
    return (lambda x: request.infer([x], share_inputs=True, share_outputs=True).to_tuple()), "openvino " + openvino.__version__


SESSIONS = {"onnxruntime": onnxruntime_session, "openvino": openvino_session}


def check(run, net, x):
    """The exported network must compute what the original does."""
    with torch.no_grad():
        for got, want in zip(run(x.numpy()), net(x)):
            off = (torch.from_numpy(got.copy()) - want).norm() / want.norm()
            if not off < 0.02:
                sys.exit("peer_runtime: the exported network is off by %g" % off)


def backbone(a):
    torch.manual_seed(1)
    net = peer_torch.NETWORKS[a.backbone]().eval()
    x, work = torch.randn(a.batch, 3, a.size, a.size), [0]

    def count(layer, _, y):
        work[0] += 2 * y.numel() * layer.weight[0].numel()

    hooks = [m.register_forward_hook(count) for m in net.modules() if isinstance(m, torch.nn.Conv2d)]
    with torch.no_grad():
        net(x)
    for h in hooks:
        h.remove()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "net.onnx")
        export(net, x, path)
        run, kernel = SESSIONS[a.runtime](path, a.threads, a.precision)
    check(run, net, x)
    values = x.numpy()
    return {**peer_torch.measure(a.seconds, a.batch, work[0], lambda: run(values)), "threads": a.threads, "kernel": kernel + " " + a.precision}


def main():
    args = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    args.add_argument("what", choices=["backbone"])
    args.add_argument("--runtime", required=True, choices=SESSIONS)
    args.add_argument("--precision", default="f32", choices=["f32", "bf16"])
    args.add_argument("--backbone", default="efficientnet_lite0", choices=peer_torch.NETWORKS)
    args.add_argument("--batch", type=int, default=8)
    args.add_argument("--size", type=int, default=256)
    args.add_argument("--seconds", type=float, default=3)
    args.add_argument("--threads", type=int, default=2)
    args.add_argument("--json", action="store_true", help="what it always does")
    a = args.parse_args()
    torch.set_num_threads(a.threads)
    print(json.dumps(backbone(a)))


if __name__ == "__main__":
    main()
