"""Asks a server with Triton's own client for gRPC: triton_grpc.py HOST:PORT MODEL IMAGE. Prints the answers as JSON."""
import json
import sys

import numpy as np
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

address, model, path = sys.argv[1:]
client = triton.InferenceServerClient(address)
assert client.is_server_live() and client.is_server_ready() and client.is_model_ready(model)
assert not client.is_model_ready("none")
about = client.get_model_metadata(model)
assert about.inputs[0].datatype == "BYTES", about
content = open(path, "rb").read()


def files(n):
    tensor = triton.InferInput("image", [n], "BYTES")
    tensor.set_data_from_numpy(np.array([content] * n, dtype=np.object_))
    return [tensor]


every = client.infer(model, files(3), request_id="7")
assert every.get_response().id == "7"
shapes = {out.name: list(every.as_numpy(out.name).shape) for out in every.get_response().outputs}
regions = json.loads(every.as_numpy("regions")[0])
some = client.infer(model, files(1), outputs=[triton.InferRequestedOutput("score"), triton.InferRequestedOutput("map")])
assert [out.name for out in some.get_response().outputs] == ["score", "map"]
assert np.array_equal(some.as_numpy("map")[0], every.as_numpy("map")[2])
data = np.zeros((2, 40, 60, 3), np.uint8)
data[1] = 200
tensor = triton.InferInput("image", data.shape, "UINT8")
tensor.set_data_from_numpy(data)
a = client.infer(model, [tensor]).as_numpy("score")
assert a[0] != a[1], a
try:
    client.infer("none", files(1))
    raise SystemExit("a model that there is not answers")
except InferenceServerException as e:
    assert "none" in str(e), e
print(json.dumps({"shapes": shapes, "score": float(some.as_numpy("score")[0]), "anomalous": bool(every.as_numpy("anomalous")[0]), "regions": regions}))
