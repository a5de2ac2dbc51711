"""The networks of GHN Studio in eager PyTorch, float32, channels last. Optimised as a researcher would for their own experiments:
ReLU shared by all readers of a node, functional kernels, no modules in the hot path. Independent of the TypeScript code; only the
parameter names are the same, so that both sides can load the same weights and must then report the same loss."""

import math

import torch
import torch.nn.functional as F

EPSILON = 1e-5


def same_padding(size, kernel, stride=1, dilation=1):
    """TensorFlow's SAME padding; an odd pixel goes after the image."""
    out = math.ceil(size / stride)
    total = max(0, (out - 1) * stride + (kernel - 1) * dilation + 1 - size)
    return total // 2, total - total // 2


def convolve(x, w, stride=1, dilation=1, groups=1):
    kh, kw = w.shape[2], w.shape[3]
    top, bottom = same_padding(x.shape[2], kh, stride, dilation)
    left, right = same_padding(x.shape[3], kw, stride, dilation)
    if top == bottom and left == right:
        return F.conv2d(x, w, None, stride, (top, left), dilation, groups)
    return F.conv2d(F.pad(x, (left, right, top, bottom)), w, None, stride, 0, dilation, groups)


class Layer:
    """One convolution or batch norm: its name, role, and shape in TensorFlow's order."""

    def __init__(self, name, role, shape, fan_in, owner, parts=None):
        self.name, self.role, self.shape, self.fan_in, self.owner, self.parts = name, role, tuple(shape), fan_in, owner, parts


class Network:
    """A stack of cells. `slots` lists the parameters; `forward` computes logits from a dict of weights."""

    def __init__(self, cell, config, image):
        self.config = config
        self.nodes = cell["nodes"]
        self.n = len(self.nodes)
        used = {i for node in self.nodes for i in node["inputs"]}
        self.leaves = cell.get("output") or [i + 2 for i in range(self.n) if i + 2 not in used]
        self.leaves = sorted(self.leaves)
        self.classes = image["classes"]
        self.slots = []
        self.blocks = config["blocks"]
        scale = 0
        self.scales = []
        for b in range(self.blocks):
            scale += 1 if b in config["reductions"] else 0
            self.scales.append(scale)
        first = config["initialChannels"]
        self.stem_channels = first * config["stemMultiplier"]
        stem_owner = (0, 2 + self.n)
        self.slot("stem/conv", "stem", (3, 3, image["channels"], self.stem_channels), 9 * image["channels"], stem_owner)
        self.norm("stem", self.stem_channels, stem_owner)
        for b in range(self.blocks):
            c = first * 2 ** self.scales[b]
            for i in range(2):
                source = b - 1 - i
                owner = (b, i)
                if source < 0:
                    parts = [(stem_owner, self.stem_channels)]
                else:
                    parts = [((source, leaf), first * 2 ** self.scales[source]) for leaf in self.leaves]
                cin = sum(p[1] for p in parts)
                self.slot(f"block{b}/input{i}/conv", "bottleneck", (1, 1, cin, c), cin, owner, parts)
                self.norm(f"block{b}/input{i}", c, owner)
            for k, node in enumerate(self.nodes):
                self.operation(f"block{b}/node{k + 2}", node["operation"], c, (b, k + 2))
        last = self.blocks - 1
        c = first * 2 ** self.scales[last]
        owner = (last, 2 + self.n + (1 if last == 0 else 0))
        features = c * len(self.leaves)
        self.slot("classifier/weight", "classifier", (features, self.classes), features, owner, [((last, leaf), c) for leaf in self.leaves])
        self.slot("classifier/bias", "bias", (self.classes,), 1, owner)

    def slot(self, *args):
        self.slots.append(Layer(*args))

    def norm(self, name, channels, owner):
        self.slot(f"{name}/scale", "scale", (channels,), 1, owner)
        self.slot(f"{name}/shift", "shift", (channels,), 1, owner)

    def operation(self, name, operation, c, owner):
        if operation == "conv1x1":
            self.slot(f"{name}/conv", "pointwise", (1, 1, c, c), c, owner)
            self.norm(name, c, owner)
        elif operation.startswith(("sepConv", "dilConv")):
            k = int(operation[-1])
            for i in range(self.config["separableRepeats"]):
                self.slot(f"{name}/sep{i}/depthwise", "depthwise", (k, k, c, 1), k * k, owner)
                self.slot(f"{name}/sep{i}/pointwise", "pointwise", (1, 1, c, c), c, owner)
                self.norm(f"{name}/sep{i}", c, owner)
        elif operation == "conv1x7-7x1":
            inner = max(1, round(c / self.config["factorizedDivisor"]))
            self.slot(f"{name}/down/conv", "pointwise", (1, 1, c, inner), c, owner)
            self.norm(f"{name}/down", inner, owner)
            self.slot(f"{name}/conv1x7", "conv1xk", (1, 7, inner, inner), 7 * inner, owner)
            self.slot(f"{name}/conv7x1", "convkx1", (7, 1, inner, inner), 7 * inner, owner)
            self.norm(name, inner, owner)
            self.slot(f"{name}/up/conv", "pointwise", (1, 1, inner, c), inner, owner)
            self.norm(f"{name}/up", c, owner)

    # ---- computation

    def forward(self, w, x):
        """Logits [n, classes] with batch statistics. `w`: weights in PyTorch's order by name. x: [n, c, h, w], channels last."""

        def norm(x, name):
            return F.batch_norm(x, None, None, w[f"{name}/scale"], w[f"{name}/shift"], True, 0.0, EPSILON)

        stem = norm(convolve(x, w["stem/conv"]), "stem")
        rectified = {-1: F.relu(stem)}
        outputs = {}
        for b in range(self.blocks):
            values = []
            relus = {}

            def relu(i):
                if i not in relus:
                    relus[i] = F.relu(values[i])
                return relus[i]

            for i in range(2):
                source = max(-1, b - 1 - i)
                scale = self.scales[source] if source >= 0 else 0
                stride = 2 ** (self.scales[b] - scale)
                values.append(norm(F.conv2d(rectified[source], w[f"block{b}/input{i}/conv"], None, stride), f"block{b}/input{i}"))
            for k, node in enumerate(self.nodes):
                name = f"block{b}/node{k + 2}"
                terms = [self.apply(w, name, node["operation"], values[i], lambda i=i: relu(i), norm) for i in node["inputs"]]
                total = terms[0]
                for term in terms[1:]:
                    total = total + term
                values.append(total)
            out = values[self.leaves[0]] if len(self.leaves) == 1 else torch.cat([values[i] for i in self.leaves], 1)
            outputs[b] = out
            rectified[b] = F.relu(out)
        features = rectified[self.blocks - 1].mean((2, 3))
        return features @ w["classifier/weight"] + w["classifier/bias"]

    def apply(self, w, name, operation, x, relu, norm):
        if operation == "identity":
            return x
        if operation == "maxPool3x3":
            return F.max_pool2d(x, 3, 1, 1)
        if operation == "avgPool3x3":
            return F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
        if operation == "conv1x1":
            return norm(F.conv2d(relu(), w[f"{name}/conv"]), name)
        if operation == "conv1x7-7x1":
            y = F.relu(norm(F.conv2d(relu(), w[f"{name}/down/conv"]), f"{name}/down"))
            y = F.conv2d(F.conv2d(y, w[f"{name}/conv1x7"], None, 1, (0, 3)), w[f"{name}/conv7x1"], None, 1, (3, 0))
            y = F.relu(norm(y, name))
            return norm(F.conv2d(y, w[f"{name}/up/conv"]), f"{name}/up")
        dilation = 2 if operation.startswith("dil") else 1
        k = int(operation[-1])
        y = relu()
        for i in range(self.config["separableRepeats"]):
            if i > 0:
                y = F.relu(y)
            y = F.conv2d(y, w[f"{name}/sep{i}/depthwise"], None, 1, (k // 2) * dilation, dilation, y.shape[1])
            y = norm(F.conv2d(y, w[f"{name}/sep{i}/pointwise"]), f"{name}/sep{i}")
        return y


def to_torch(values, shape, role):
    """Converts a weight from TensorFlow's order of axes to PyTorch's: [k, k, c, 1] -> [c, 1, k, k] for depthwise filters, else [h, w, i, o] -> [o, i, h, w]."""
    t = values.reshape(shape)
    if len(shape) == 4:
        t = t.permute(2, 3, 0, 1) if role == "depthwise" else t.permute(3, 2, 0, 1)
        t = t.contiguous(memory_format=torch.channels_last)
    return t
