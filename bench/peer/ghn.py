"""The Graph HyperNetwork in eager PyTorch: message passing over levels of nodes, batched over all graphs of a step; messages are computed when their sender changes; one matrix
product per weight shape for all blocks and graphs. Output heads use PyTorch's order of axes, so that generated weights need no copy."""

import torch
import torch.nn.functional as F

OPERATIONS = [
    "identity", "conv1x1", "sepConv3x3", "sepConv5x5", "dilConv3x3", "dilConv5x5", "conv1x7-7x1", "maxPool3x3", "avgPool3x3",
    "sepConv7x7", "conv3x3", "conv1x3-3x1", "maxPool2x2", "avgPool2x2",
]
TYPES = {name: i for i, name in enumerate(OPERATIONS + ["input0", "input1", "stem", "classifier"])}
ROLES = ["stem", "bottleneck", "pointwise", "conv3x3", "conv1xk", "convkx1", "depthwise", "scale", "shift", "classifier", "bias"]
OCCURRENCES = 4
TAPS = 9


def graph_of(network):
    """-> per block (types, inputs, order), nodes in the same order as in GHN Studio: inputs, operations, stem in the first block, classifier in the last."""
    blocks = []
    for b in range(network.blocks):
        types = ["input0", "input1"] + [node["operation"] for node in network.nodes]
        inputs = [[], []] + [list(node["inputs"]) for node in network.nodes]
        order = list(range(len(types)))
        if b == 0:
            stem = len(types)
            types.append("stem")
            inputs.append([])
            inputs[0], inputs[1] = [stem], [stem]
            order.insert(0, stem)
        if b == network.blocks - 1:
            order.append(len(types))
            types.append("classifier")
            inputs.append(list(network.leaves))
        blocks.append((types, inputs, order))
    return blocks


def levels_of(order, senders):
    level = {}
    result = []
    for node in order:
        depth = max([level.get(s, -1) + 1 for s in senders[node]], default=0)
        level[node] = depth
        while len(result) <= depth:
            result.append([])
        result[depth].append(node)
    return result


def phase_of(inputs, order):
    """Levels of one forward-backward phase: (nodes, senders of each, forward?)."""
    successors = [[] for _ in inputs]
    for node, sources in enumerate(inputs):
        for source in sources:
            successors[source].append(node)
    forward = [(nodes, [inputs[n] for n in nodes], True) for nodes in levels_of(order, inputs)]
    backward = [(nodes, [successors[n] for n in nodes], False) for nodes in levels_of(list(reversed(order))[1:], successors)]
    return forward + backward


class Ghn(torch.nn.Module):
    def __init__(self, arrays, config, network_config):
        super().__init__()
        self.config = config
        self.stages = len([r for r in set(network_config["reductions"]) if r <= network_config["blocks"] - 1]) + 1
        self.reductions = sorted(set(network_config["reductions"]))
        tensor = lambda name: torch.from_numpy(arrays[name])
        parameter = lambda t: torch.nn.Parameter(t.contiguous().clone())
        self.embedding = parameter(tensor("embedding"))
        self.m_in, self.m_in_b = parameter(tensor("gnn/message/in")[0].t()), parameter(tensor("gnn/message/in-bias")[0])
        self.m_out, self.m_out_b = parameter(tensor("gnn/message/out")[0].t()), parameter(tensor("gnn/message/out-bias")[0])
        self.w_ih, self.b_ih = parameter(tensor("gnn/gru/message")[0].t()), parameter(tensor("gnn/gru/message-bias")[0])
        self.w_hh, self.b_hh = parameter(tensor("gnn/gru/state")[0].t()), parameter(tensor("gnn/gru/state-bias")[0])
        self.d_embedding = parameter(tensor("decoder/embedding"))
        self.d_slot = parameter(tensor("decoder/slot"))
        branches = {}
        for name in ["stem", "bottleneck", "pointwise", "conv1xk", "convkx1", "depthwise", "scale", "shift", "classifier", "bias"]:
            t = tensor(f"decoder/{name}")
            if name in ("bottleneck", "pointwise"):
                t = t.permute(0, 2, 1)  # cout, cin
            elif name in ("conv1xk", "convkx1"):
                t = t.permute(0, 3, 1, 2)  # cout, k, cin: channels last
            elif name == "depthwise":
                t = t.permute(0, 3, 1, 2)  # c, k, k
            elif name == "stem":
                cin = network_config["imageChannels"]
                t = t.reshape(t.shape[0], 3, 3, cin, -1).permute(0, 4, 1, 2, 3)  # cout, kh, kw, cin
            branches[name] = torch.nn.Parameter(t.contiguous().clone())
        self.branches = torch.nn.ParameterDict(branches)

    def stage(self, block):
        return len([r for r in self.reductions if r <= block])

    def message(self, h):
        return F.linear(F.relu(F.linear(h, self.m_in, self.m_in_b)), self.m_out, self.m_out_b)

    def propagate(self, networks):
        """-> final embeddings [nodes + 1, D], the last row zero, and the first node of each block of each graph."""
        graphs = [graph_of(network) for network in networks]
        blocks = len(graphs[0])
        width = self.embedding.shape[1]
        finals, first, count = [], [[0] * blocks for _ in graphs], 0
        h_a = torch.zeros(len(graphs), width)
        for b in range(blocks):
            offsets, types, phases, total = [], [], [], 0
            for g, graph in enumerate(graphs):
                block_types, inputs, order = graph[b]
                offsets.append(total)
                first[g][b] = count + total
                total += len(block_types)
                types += [TYPES[t] for t in block_types]
                phases.append(phase_of(inputs, order))
            count += total
            h = self.embedding[torch.tensor(types)]
            messages = torch.cat([self.message(h), self.message(h_a)])
            depth = max(len(phase) for phase in phases)
            steps = []
            for level in range(depth):
                index, rows, columns = [], [], []
                for g, phase in enumerate(phases):
                    if level >= len(phase):
                        continue
                    nodes, senders, forward = phase[level]
                    for node, sources in zip(nodes, senders):
                        row = len(index)
                        index.append(offsets[g] + node)
                        for source in sources:
                            rows.append(row)
                            columns.append(offsets[g] + source)
                        if forward and node < 2:
                            rows.append(row)
                            columns.append(total + g)
                adjacency = torch.zeros(len(index), total + len(graphs))
                adjacency[rows, columns] = 1.0
                steps.append((torch.tensor(index), adjacency))
            for _ in range(self.config["propagationSteps"]):
                for index, adjacency in steps:
                    new = torch.gru_cell(adjacency @ messages, h[index], self.w_ih, self.w_hh, self.b_ih, self.b_hh)
                    h = h.index_copy(0, index, new)
                    messages = messages.index_copy(0, index, self.message(new))
            finals.append(h)
            if self.config["passEmbedding"]:
                ends = offsets[1:] + [total]
                h_a = torch.stack([h[a:e].mean(0) for a, e in zip(offsets, ends)])
        return torch.cat(finals + [torch.zeros(1, width)]), first, count

    def generate(self, networks):
        """-> a dict of weights by name for each network."""
        embeddings, first, none = self.propagate(networks)
        groups = {}
        targets = []
        role_features = len(ROLES) * OCCURRENCES
        for g, network in enumerate(networks):
            seen = {}
            for slot in network.slots:
                key = (slot.owner, slot.role)
                occurrence = min(seen.get(key, 0), OCCURRENCES - 1)
                seen[key] = seen.get(key, 0) + 1
                owner = first[g][slot.owner[0]] + slot.owner[1]
                features = (ROLES.index(slot.role) * OCCURRENCES + occurrence, role_features + self.stage(slot.owner[0]))
                scale = self.scale(slot)
                pieces = []
                parts = slot.parts or [(None, None)]
                for source, channels in parts:
                    sizes = self.sizes(slot, channels)
                    rows = groups.setdefault((self.branch(slot.role), sizes), [])
                    pieces.append(((self.branch(slot.role), sizes), len(rows)))
                    rows.append((owner, none if source is None else first[g][source[0]] + source[1], features, scale))
                targets.append((g, slot, pieces))
        order = list(groups)
        rows = [row for key in order for row in groups[key]]
        nodes = torch.tensor([[row[0], row[1]] for row in rows])
        features = torch.tensor([row[2] for row in rows])
        scales = torch.tensor([row[3] for row in rows]).unsqueeze(1)
        pairs = embeddings[nodes.view(-1)].view(len(rows), -1)
        hidden = F.relu(pairs @ self.d_embedding + self.d_slot[features].sum(1))
        hidden = torch.cat([hidden * scales, scales], 1)
        values = {}
        begin = 0
        for key in order:
            end = begin + len(groups[key])
            values[key] = self.decode(hidden[begin:end], *key)
            begin = end
        result = [{} for _ in networks]
        unbound = {key: torch.unbind(value) for key, value in values.items()}
        for g, slot, pieces in targets:
            parts = [unbound[key][i] for key, i in pieces]
            if slot.role in ("bottleneck", "classifier"):
                t = parts[0] if len(parts) == 1 else torch.cat(parts, 1 if slot.role == "bottleneck" else 0)
            else:
                t = parts[0]
            result[g][slot.name] = self.as_weight(t, slot.role)
        return result

    def branch(self, role):
        return "pointwise" if role == "conv3x3" else role

    def scale(self, slot):
        role = slot.role
        if role == "scale":
            return 0.5
        if role == "shift":
            return 0.2
        if role == "bias":
            return 0.1
        if not self.config["fanInNormalisation"]:
            return 0.1
        beta = 1.0 if role in ("depthwise", "conv1xk", "convkx1", "classifier") else 2.0
        return (beta / slot.fan_in) ** 0.5

    def sizes(self, slot, channels):
        """Sizes along the axes of the output head, in the order used here."""
        s = slot.shape
        return {
            "stem": lambda: (s[3], 3, 3, s[2]),
            "bottleneck": lambda: (s[3], channels),
            "pointwise": lambda: (s[3], s[2]),
            "conv1xk": lambda: (s[3], s[1], s[2]),
            "convkx1": lambda: (s[3], s[0], s[2]),
            "depthwise": lambda: (s[2], s[0], s[1]),
            "scale": lambda: (s[0],),
            "shift": lambda: (s[0],),
            "classifier": lambda: (channels, s[1]),
            "bias": lambda: (s[0],),
        }[slot.role]()

    def decode(self, hidden, name, sizes):
        whole = self.branches[name]
        kernels = {"stem": (1, 2), "conv1xk": (1,), "convkx1": (1,), "depthwise": (1, 2)}.get(name, ())
        index = [slice(None)]
        for axis, size in enumerate(sizes):
            start = (whole.shape[axis + 1] - size) // 2 if axis in kernels else 0
            index.append(slice(start, start + size))
        out = (hidden @ whole[tuple(index)].reshape(whole.shape[0], -1)).view(-1, *sizes)
        if name == "scale":
            return 2.0 * torch.sigmoid(out)
        if name == "shift":
            return torch.tanh(out)
        return out

    def as_weight(self, t, role):
        if role in ("pointwise", "bottleneck"):
            return t[:, :, None, None]
        if role == "conv1xk":  # [o, k, i] -> [o, i, 1, k]
            return t.unsqueeze(1).permute(0, 3, 1, 2)
        if role == "convkx1":
            return t.unsqueeze(2).permute(0, 3, 1, 2)
        if role == "depthwise":
            return t.unsqueeze(1)
        if role == "stem":
            return t.permute(0, 3, 1, 2)
        return t
