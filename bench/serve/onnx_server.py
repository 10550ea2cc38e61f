"""The usual way to serve a model in Python: FastAPI and ONNX Runtime. python onnx_server.py MODEL.onnx PORT.

Answers POST /predict, an image file's bytes, with its score: decoded and resized by Pillow, computed by the exported model."""
import sys

import uvicorn
from fastapi import FastAPI, Request

from onnx_model import Model

model = Model(sys.argv[1])
app = FastAPI()


@app.post("/predict")
async def predict(request: Request):
    return {"score": model.score(await request.body())}


uvicorn.run(app, port=int(sys.argv[2]), log_level="warning")
