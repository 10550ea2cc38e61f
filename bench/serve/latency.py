"""Latency of msflow serve beside FastAPI + ONNX Runtime, and beside Triton Inference Server where nvidia-pytriton is installed, with
the same detector: python latency.py MSFLOW RUN IMAGE, with what requirements-serve.txt lists. Linux.

Exports the detector, starts the servers, makes sure that they say the same of the image, and asks them in turn, in rounds of the same
length, so that what else the machine does falls on all. Prints for one client and for four at a time the 50th and 99th percentile in
milliseconds, and the processor time of a request, of which a busy machine changes least."""
import concurrent.futures
import http.client
import importlib.util
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

msflow, run, image = sys.argv[1:]
content = pathlib.Path(image).read_bytes()
rounds, requests = int(os.environ.get("ROUNDS", 10)), int(os.environ.get("REQUESTS", 40))
here = os.path.dirname(os.path.abspath(__file__))


def plain():
    """A POST of the bytes."""
    return "/predict", content, {}, lambda answer: answer["score"]


def protocol():
    """The Open Inference Protocol with the bytes after the object."""
    tensor = {"name": "image", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": len(content) + 4}}
    head = json.dumps({"inputs": [tensor], "outputs": [{"name": "score", "parameters": {"binary_data": False}}]}).encode()
    body = head + len(content).to_bytes(4, "little") + content
    return "/v2/models/parts/infer", body, {"Inference-Header-Content-Length": str(len(head))}, lambda answer: answer["outputs"][0]["data"][0]


class Server:
    def __init__(self, name, port, command, request=plain):
        self.name, self.port = name, port
        self.path, self.body, self.headers, self.score = request()
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)

    def ask(self, connection):
        begin = time.perf_counter()
        connection.request("POST", self.path, self.body, self.headers)
        answer = json.loads(connection.getresponse().read())
        return 1000 * (time.perf_counter() - begin), self.score(answer)

    def client(self, n):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        return [self.ask(connection)[0] for _ in range(n)]

    def wait(self):
        """The score of the image, once the server answers."""
        for _ in range(1200):
            try:
                return self.ask(http.client.HTTPConnection("127.0.0.1", self.port, timeout=120))[1]
            except (OSError, KeyError, ValueError):
                time.sleep(0.1)
        raise SystemExit(f"{self.name}: nothing answers on port {self.port}")

    def used(self):
        """Processor time in milliseconds of the server's session of processes."""
        ticks = 0
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue  # has ended
            if int(fields[3]) == self.process.pid:
                ticks += int(fields[11]) + int(fields[12])
        return 1000 * ticks / os.sysconf("SC_CLK_TCK")


def measure(servers, clients):
    times, used = {s: [] for s in servers}, {s: 0 for s in servers}
    for _ in range(rounds):
        for s in servers:
            before = s.used()
            with concurrent.futures.ThreadPoolExecutor(clients) as pool:
                for part in pool.map(lambda _: s.client(requests // clients), range(clients)):
                    times[s] += part
            used[s] += s.used() - before
    for s, t in times.items():
        t.sort()
        print(
            f"{clients} at a time, {len(t)} requests: {s.name}: p50 {t[len(t) // 2]:.1f} ms, p99 {t[len(t) * 99 // 100]:.1f} ms, "
            f"processor {used[s] / len(t):.1f} ms",
            flush=True,
        )


with tempfile.TemporaryDirectory() as folder:
    model = os.path.join(folder, "model.onnx")
    subprocess.run([msflow, "export", run, "-o", model], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    serve = [msflow, "serve", "parts=" + run, "--listen"]
    servers = [
        Server("msflow serve", 18090, serve + ["127.0.0.1:18090"]),
        Server("FastAPI + ONNX Runtime", 18091, [sys.executable, os.path.join(here, "onnx_server.py"), model, "18091"]),
    ]
    if importlib.util.find_spec("pytriton"):
        servers.append(Server("msflow serve, /v2", 18092, serve + ["127.0.0.1:18092"], protocol))
        servers.append(Server("Triton + ONNX Runtime", 18093, [sys.executable, os.path.join(here, "triton_server.py"), model, "18093"], protocol))
    try:
        scores = {s.name: s.wait() for s in servers}
        assert max(scores.values()) - min(scores.values()) < 1e-2, scores  # decoders and resizers differ by a level here and there
        for clients in (1, 4):
            measure(servers, clients)
    finally:
        for s in servers:
            os.killpg(s.process.pid, signal.SIGKILL)  # Triton's own process too
            s.process.wait()
