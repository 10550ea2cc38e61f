"""A detector's ONNX model in ONNX Runtime, with Pillow before it."""
import io

import numpy as np
import onnxruntime
from PIL import Image


class Model:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        _, self.height, self.width, _ = self.session.get_inputs()[0].shape

    def score(self, content):
        """The score of an image file's bytes."""
        image = Image.open(io.BytesIO(content)).convert("RGB").resize((self.width, self.height), Image.LANCZOS)
        return float(self.session.run(["score"], {"image": np.asarray(image)[None]})[0][0])
