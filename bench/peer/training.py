"""Training of one network from scratch: SGD with momentum, weight decay and gradient clipping, no auxiliary head, no drop-path."""

import time

import torch
import torch.nn.functional as F

from network import Network, to_torch


class Training:
    def __init__(self, cell, config, image, weights):
        self.network = Network(cell, config, image)
        self.w = {}
        for slot in self.network.slots:
            self.w[slot.name] = to_torch(torch.from_numpy(weights[slot.name]), slot.shape, slot.role).clone(memory_format=torch.preserve_format).requires_grad_(True)
        decays = [self.w[s.name] for s in self.network.slots if s.role not in ("scale", "shift", "bias")]
        others = [self.w[s.name] for s in self.network.slots if s.role in ("scale", "shift", "bias")]
        # foreach: the multi-tensor implementation, the fastest of eager PyTorch on a CPU.
        self.optimizer = torch.optim.SGD([{"params": decays, "weight_decay": 3e-4}, {"params": others, "weight_decay": 0.0}], lr=0.025, momentum=0.9, foreach=True)
        self.parameters = decays + others

    def step(self, images, labels):
        start = time.perf_counter()
        loss = F.cross_entropy(self.network.forward(self.w, images), labels)
        forward = time.perf_counter()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        backward = time.perf_counter()
        torch.nn.utils.clip_grad_norm_(self.parameters, 5.0, foreach=True)
        self.optimizer.step()
        value = loss.item()
        end = time.perf_counter()
        ms = 1000.0
        return {"loss": value, "ms": ms * (end - start), "forwardMs": ms * (forward - start), "backwardMs": ms * (backward - forward), "optimizerMs": ms * (end - backward)}
