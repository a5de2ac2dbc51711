/** A trained network as a Python module that needs PyTorch only, and its weights in PyTorch's layout. */
import type { NamedArray } from "../../backend/ops/types.ts";
import { BATCH_NORM_EPSILON } from "../../network/forward.ts";
import { IMAGES_VALUE, networkData } from "../../network/operation-data.ts";
import { programOf } from "../../network/program.ts";
import type { ExportedNetwork } from "../exported-network.ts";
import { classText, type NetworkFacts } from "./class-text.ts";
import { type Part, partsOf } from "./parts.ts";

export interface PyTorchDescription {
  /** What the network is and where it comes from, in one line or a few. */
  readonly about: readonly string[];
  /** Name of the file with the weights. */
  readonly weightsFile: string;
}

export interface PyTorchModule {
  /** Text of the `.py` file. */
  readonly text: string;
  /** The state dictionary. */
  readonly state: ReadonlyMap<string, NamedArray>;
}

/**
 * A network as the text of a Python module that needs PyTorch only, and its weights in PyTorch's layout: convolution kernels [out, in, height, width],
 * depthwise kernels [channels, 1, height, width], the classifier [classes, features].
 * @throws Error if an array of the network is missing
 */
export function pytorchModule(network: ExportedNetwork, { about, weightsFile }: PyTorchDescription): PyTorchModule {
  const data = networkData(programOf(network.plan), BATCH_NORM_EPSILON);
  const parts = partsOf(data);
  const facts = factsOf(network, data);
  const exits = data.outputs.length > 1;
  const state = new Map<string, NamedArray>();
  const classes = new Map<string, { readonly name: string; readonly body: readonly string[]; readonly members: string[] }>();
  const members: { readonly part: Part; readonly className: string }[] = [];
  for (const part of parts) {
    const { body, layers } = classText(part, facts, exits);
    for (const { attribute, state: own } of layers)
      for (const [end, array] of own) state.set(`${part.name === "" ? "" : `${part.name}.`}${attribute}.${end}`, array);
    const key = body.join("\n");
    const known = classes.get(key);
    const name = known?.name ?? (part.name === "" ? "Network" : `${part.name[0]?.toUpperCase()}${part.name.slice(1)}`);
    if (known === undefined) classes.set(key, { name, body, members: [part.name] });
    else known.members.push(part.name);
    members.push({ part, className: name });
  }
  const lines = [
    ...heading(network, about, weightsFile, exits),
    ...[...classes.values()].flatMap(({ name, body, members: own }) => [
      "",
      "",
      `class ${name}(nn.Module):`,
      ...(own.length > 1 ? [`    """${own.join(", ")}"""`, ""] : []),
      ...body.map((line) => (line === "" ? "" : `    ${line}`)),
      ...(exits ? ["", "    def forward(self, images):", "        return list(self.exits(images))"] : []),
    ]),
    ...(members.length === 1 && members[0]?.part.name === "" ? [] : whole(members, data.outputs)),
    ...LOADING,
  ];
  return { text: `${lines.join("\n")}\n`, state };
}

function factsOf(network: ExportedNetwork, { operations, outputs }: ReturnType<typeof networkData>): NetworkFacts {
  const { height, width, channels } = network.input;
  const meansOf = new Map<string, string[]>();
  for (const operation of operations)
    if (operation.operation === "batchNorm") meansOf.set(operation.scale, [...(meansOf.get(operation.scale) ?? []), operation.mean]);
  const wordsOf = new Map<string, string>();
  network.plan.graph.blocks.forEach((block, b) => {
    block.nodes.forEach(({ type }, n) => {
      for (const name of ["block", "cell"]) if (!type.startsWith("input")) wordsOf.set(`${name}${b}/node${n}`, type);
    });
  });
  const shapes = new Map<string, readonly number[]>([
    [IMAGES_VALUE, [height, width, channels]],
    ...operations.map(({ output, shape }) => [output, shape] as const),
  ]);
  return { network, shapes, meansOf, wordsOf, outputs };
}

/** The network, made of its parts. */
function whole(members: readonly { readonly part: Part; readonly className: string }[], outputs: readonly string[]): string[] {
  const names = new Map<string, string>([[IMAGES_VALUE, "images"]]);
  const forward = members.map(({ part }) => {
    const call = `self.${part.name}(${part.inputs.map((input) => names.get(input) ?? input).join(", ")})`;
    if (part.results.length === 1 && part.results[0] === outputs[0]) return `return ${call}`;
    part.results.forEach((result, i) => {
      names.set(result, part.results.length === 1 ? part.name : `${part.name}_${i}`);
    });
    return `${part.results.map((result) => names.get(result) ?? result).join(", ")} = ${call}`;
  });
  return [
    "",
    "",
    "class Network(nn.Module):",
    "    def __init__(self):",
    "        super().__init__()",
    ...members.map(({ part, className }) => `        self.${part.name} = ${className}()`),
    "",
    "    def forward(self, images):",
    ...forward.map((line) => `        ${line}`),
  ];
}

function heading({ classNames, normalisation, input }: ExportedNetwork, about: readonly string[], weightsFile: string, exits: boolean): string[] {
  const list = (values: readonly number[]): string => `[${values.join(", ")}]`;
  return [
    '"""',
    ...about.map(docLine),
    "",
    "Requires PyTorch only. To use it:",
    "",
    `    network = load("${weightsFile}")`,
    exits
      ? "    logits = network(normalise(pixels))[-1]  # of the last exit; network.exits(...) computes them one by one"
      : "    logits = network(normalise(pixels))",
    '"""',
    "",
    "import json",
    "import struct",
    "",
    "import torch",
    "import torch.nn as nn",
    "import torch.nn.functional as F",
    "",
    `INPUT_SHAPE = (${input.channels}, ${input.height}, ${input.width})`,
    `MEAN = ${list(normalisation.mean)}`,
    `STD = ${list(normalisation.std)}`,
    // JSON strings are Python strings.
    `CLASS_NAMES = [${classNames.map((name) => JSON.stringify(name)).join(", ")}]`,
    "",
    "",
    "class Norm(nn.Module):",
    '    """Batch norm. Where an operation is applied to several inputs, scale and shift are shared and each input has its own statistics."""',
    "",
    "    def __init__(self, channels, applications=1):",
    "        super().__init__()",
    "        self.weight = nn.Parameter(torch.ones(channels))",
    "        self.bias = nn.Parameter(torch.zeros(channels))",
    "        for i in range(applications):",
    "            self.register_buffer(f'running_mean{self.end(i)}', torch.zeros(channels))",
    "            self.register_buffer(f'running_var{self.end(i)}', torch.ones(channels))",
    "",
    "    @staticmethod",
    "    def end(application):",
    "        return '' if application == 0 else f'_{application}'",
    "",
    "    def forward(self, x, application=0):",
    "        mean = getattr(self, f'running_mean{self.end(application)}')",
    "        var = getattr(self, f'running_var{self.end(application)}')",
    `        return F.batch_norm(x, mean, var, self.weight, self.bias, self.training, 0.1, ${BATCH_NORM_EPSILON})`,
    "",
    "",
    "def average_pool(x, size, stride, padding):",
    '    """Average pooling with (left, right, top, bottom) rows and columns of padding, which do not count."""',
    "    inside = F.pad(torch.ones_like(x[:1, :1]), padding)",
    "    return F.avg_pool2d(F.pad(x, padding), size, stride) / F.avg_pool2d(inside, size, stride)",
  ];
}

const LOADING: readonly string[] = [
  "",
  "",
  "def normalise(pixels):",
  '    """Images as the network takes them, from pixels [n, height, width, channels] with values from 0 to 255."""',
  "    x = pixels.permute(0, 3, 1, 2).float() / 255",
  "    mean, std = (torch.tensor(values, device=x.device).view(1, -1, 1, 1) for values in (MEAN, STD))",
  "    return (x - mean) / std",
  "",
  "",
  "def load(path):",
  '    """The network with the weights of a safetensors file, for inference; call .train() to train it further."""',
  '    with open(path, "rb") as file:',
  '        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))',
  "        values = bytearray(file.read())",
  "    state = {}",
  "    for name, entry in header.items():",
  '        if name != "__metadata__":',
  '            begin, end = entry["data_offsets"]',
  "            flat = torch.frombuffer(values, dtype=torch.float32, count=(end - begin) // 4, offset=begin)",
  '            state[name] = flat.reshape(entry["shape"]).clone()',
  "    network = Network()",
  "    network.load_state_dict(state, strict=True)",
  "    return network.eval()",
];

/** A line of a docstring: nothing in it may end the string or escape. */
function docLine(text: string): string {
  return text
    .replaceAll("\\", "/")
    .replaceAll('"""', "'''")
    .replaceAll(/\p{Cc}/gu, " ");
}
