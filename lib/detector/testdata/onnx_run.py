"""Checks MODEL.onnx and runs it on pictures in every runtime that is here: python onnx_run.py MODEL.onnx PICTURES.raw N H W.

Prints one line of JSON for each runtime: its name and the outputs as flat lists."""
import json
import sys

import numpy as np
import onnx
import onnxruntime
import openvino

path, pictures = sys.argv[1:3]
n, h, w = map(int, sys.argv[3:])
images = np.fromfile(pictures, np.uint8).reshape(n, h, w, 3)
model = onnx.load(path)
onnx.checker.check_model(model, full_check=True)
assert max(o.version for o in model.opset_import) >= 17


def show(runtime, names, values):
    print(json.dumps({"runtime": runtime, "outputs": {k: np.asarray(v).astype(float).ravel().tolist() for k, v in zip(names, values)},
                      "shapes": {k: np.asarray(v).shape for k, v in zip(names, values)}}))


session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
names = [o.name for o in session.get_outputs()]
show("onnxruntime", names, session.run(None, {"image": images}))
core = openvino.Core()
compiled = core.compile_model(core.read_model(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
results = compiled({"image": images})
show("openvino", names, [results[k] for k in names])
