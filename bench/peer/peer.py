"""Runs the steps of GHN Studio's benchmark in PyTorch. Reads and writes one JSON object per line. Times are in milliseconds."""

import json
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

import safetensors_file
from ghn import Ghn
from network import Network
from training import Training


class Peer:
    def setup(self, threads, config, image, ghn, ghnFile, images, labels, imageShape):
        torch.set_num_threads(threads)
        self.config = {**config, "imageChannels": image["channels"]}
        self.image = image
        arrays, _ = safetensors_file.read(ghnFile)
        self.ghn = Ghn(arrays, ghn, self.config)
        self.optimizer = torch.optim.Adam(self.ghn.parameters(), lr=1e-3, foreach=True)
        data = torch.from_numpy(np.fromfile(images, np.float32).reshape(imageShape))
        self.images = data.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
        self.labels = torch.from_numpy(np.fromfile(labels, np.int32).astype(np.int64))
        return {"version": torch.__version__, "parameters": sum(p.numel() for p in self.ghn.parameters())}

    def ghn_step(self, cells):
        start = time.perf_counter()
        networks = [Network(cell, self.config, self.image) for cell in cells]
        weights = self.ghn.generate(networks)
        generated = time.perf_counter()
        loss = sum(F.cross_entropy(n.forward(w, self.images), self.labels) for n, w in zip(networks, weights)) / len(networks)
        forward = time.perf_counter()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        backward = time.perf_counter()
        torch.nn.utils.clip_grad_norm_(self.ghn.parameters(), 5.0, foreach=True)
        self.optimizer.step()
        value = loss.item()
        end = time.perf_counter()
        ms = 1000.0
        return {"loss": value, "ms": ms * (end - start), "generationMs": ms * (generated - start), "forwardMs": ms * (forward - generated), "backwardMs": ms * (backward - forward), "optimizerMs": ms * (end - backward)}

    def score(self, cells):
        with torch.inference_mode():
            start = time.perf_counter()
            networks = [Network(cell, self.config, self.image) for cell in cells]
            weights = self.ghn.generate(networks)
            generated = time.perf_counter()
            logits = [n.forward(w, self.images) for n, w in zip(networks, weights)]
            losses = [F.cross_entropy(x, self.labels).item() for x in logits]
            end = time.perf_counter()
        return {"loss": sum(losses) / len(losses), "ms": 1000 * (end - start), "generationMs": 1000 * (generated - start), "evaluationMs": 1000 * (end - generated)}

    def generate(self, cells):
        with torch.inference_mode():
            start = time.perf_counter()
            self.ghn.generate([Network(cell, self.config, self.image) for cell in cells])
            end = time.perf_counter()
        return {"ms": 1000 * (end - start)}

    def start_training(self, cell, weights):
        arrays, _ = safetensors_file.read(weights)
        self.training = Training(cell, self.config, self.image, arrays)
        return {}

    def train_step(self):
        return self.training.step(self.images, self.labels)


peer = Peer()
for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = getattr(peer, request.pop("call"))(**request)
    except Exception as error:  # The benchmark reports it and continues with its next part.
        answer = {"error": f"{type(error).__name__}: {error}"}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
