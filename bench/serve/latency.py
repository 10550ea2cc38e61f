"""Latency of msflow serve beside FastAPI + ONNX Runtime with the same detector: python latency.py MSFLOW RUN IMAGE, with what
requirements-serve.txt lists.

Exports the detector, starts both servers, makes sure that they say the same of the image, and asks them in turn, in rounds of the same
length, so that what else the machine does falls on both. Prints the 50th and 99th percentile in milliseconds for one client
and for four at a time."""
import concurrent.futures
import http.client
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

msflow, run, image = sys.argv[1:]
content = pathlib.Path(image).read_bytes()
rounds, requests = int(os.environ.get("ROUNDS", 10)), int(os.environ.get("REQUESTS", 40))
ports = {"msflow serve": 18090, "FastAPI + ONNX Runtime": 18091}


def ask(connection):
    begin = time.perf_counter()
    connection.request("POST", "/predict", content)
    answer = json.loads(connection.getresponse().read())
    return 1000 * (time.perf_counter() - begin), answer["score"]


def client(port, n):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    return [ask(connection)[0] for _ in range(n)]


def wait(port):
    for _ in range(600):
        try:
            return ask(http.client.HTTPConnection("127.0.0.1", port, timeout=120))[1]
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"nothing answers on port {port}")


with tempfile.TemporaryDirectory() as folder:
    model = os.path.join(folder, "model.onnx")
    subprocess.run([msflow, "export", run, "-o", model], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    here = os.path.dirname(os.path.abspath(__file__))
    servers = [
        subprocess.Popen([msflow, "serve", "parts=" + run, "--listen", f"127.0.0.1:{ports['msflow serve']}"], stderr=subprocess.DEVNULL),
        subprocess.Popen([sys.executable, os.path.join(here, "onnx_server.py"), model, str(ports["FastAPI + ONNX Runtime"])]),
    ]
    try:
        scores = {name: wait(port) for name, port in ports.items()}
        assert max(scores.values()) - min(scores.values()) < 1e-2, scores  # decoders and resizers differ by a level here and there
        for clients in (1, 4):
            times = {name: [] for name in ports}
            for _ in range(rounds):
                for name, port in ports.items():
                    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
                        for part in pool.map(lambda _: client(port, requests // clients), range(clients)):
                            times[name] += part
            for name, t in times.items():
                t.sort()
                print(f"{clients} at a time, {len(t)} requests: {name}: p50 {t[len(t) // 2]:.1f} ms, p99 {t[len(t) * 99 // 100]:.1f} ms", flush=True)
    finally:
        for server in servers:
            server.terminate()
