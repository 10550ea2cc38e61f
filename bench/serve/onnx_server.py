"""The usual way to serve a model in Python: FastAPI and ONNX Runtime. python onnx_server.py MODEL.onnx PORT.

Answers POST /predict, an image file's bytes, with its score: decoded and resized by Pillow, computed by the exported model."""
import io
import sys

import numpy as np
import onnxruntime
import uvicorn
from fastapi import FastAPI, Request
from PIL import Image

session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
_, height, width, _ = session.get_inputs()[0].shape
app = FastAPI()


@app.post("/predict")
async def predict(request: Request):
    return score(await request.body())


def score(content):
    image = Image.open(io.BytesIO(content)).convert("RGB").resize((width, height), Image.LANCZOS)
    return {"score": float(session.run(["score"], {"image": np.asarray(image)[None]})[0][0])}


uvicorn.run(app, port=int(sys.argv[2]), log_level="warning")
