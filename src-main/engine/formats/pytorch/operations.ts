/** Layers and expressions of each operation in PyTorch. */

import type { NamedArray } from "../../backend/ops/types.ts";
import type { OperationData, OperationOf, Padding } from "../../network/operation-data.ts";
import { arrayOf, type ExportedNetwork, toChannelsFirst } from "../exported-network.ts";

/** A layer with parameters: how a module creates it, and its entries of the state dictionary by the end of their name. */
export interface Layer {
  /** Name of the attribute, unique in its module. */
  readonly attribute: string;
  readonly create: string;
  readonly state: ReadonlyMap<string, NamedArray>;
}

export interface PythonContext {
  readonly network: ExportedNetwork;
  /** Attribute name for the path of a parameter without its last part. */
  readonly attributeOf: (path: string) => string;
  /** Number of inputs that a batch norm is applied to, and which one this is. */
  readonly applicationOf: (norm: OperationOf<"batchNorm">) => { readonly index: number; readonly means: readonly string[] };
}

export interface PythonOperation {
  readonly layer: Layer | null;
  /** The value, from the expressions of the inputs. */
  readonly expression: (inputs: readonly string[]) => string;
}

type Describe<Name extends OperationData["operation"]> = (
  operation: OperationOf<Name>,
  context: PythonContext,
  inputShape: readonly number[],
) => PythonOperation;

/** One entry per operation; a new one does not compile without it. */
export const PYTHON_OPERATIONS: { readonly [Name in OperationData["operation"]]: Describe<Name> } = {
  relu: () => ({ layer: null, expression: ([x]) => `F.relu(${x})` }),
  convolution({ weight, kernel, stride, dilation, groups, padding, shape }, { network, attributeOf }, [, , channels = 1]) {
    const own = evenPadding(padding);
    const facts = [
      `${channels}`,
      `${shape[2]}`,
      pair(kernel),
      ...(stride === 1 ? [] : [`stride=${stride}`]),
      ...(own === null || (own[0] === 0 && own[1] === 0) ? [] : [`padding=${pair(own)}`]),
      ...(dilation === 1 ? [] : [`dilation=${dilation}`]),
      ...(groups === 1 ? [] : [`groups=${groups}`]),
      "bias=False",
    ];
    const attribute = attributeOf(weight);
    return {
      layer: {
        attribute,
        create: `nn.Conv2d(${facts.join(", ")})`,
        state: new Map([["weight", toChannelsFirst(arrayOf(network, weight), groups > 1)]]),
      },
      expression: ([x = ""]) => `self.${attribute}(${padded(x, padding)})`,
    };
  },
  batchNorm(operation, { network, attributeOf, applicationOf }) {
    const { scale, shift, shape } = operation;
    const { index, means } = applicationOf(operation);
    const path = scale.replace(/scale$/, "norm");
    const state = new Map<string, NamedArray>([
      ["weight", arrayOf(network, scale)],
      ["bias", arrayOf(network, shift)],
    ]);
    means.forEach((mean, i) => {
      const end = i === 0 ? "" : `_${i}`;
      state.set(`running_mean${end}`, arrayOf(network, mean));
      state.set(`running_var${end}`, arrayOf(network, mean.replace(/mean$/, "variance")));
    });
    const attribute = attributeOf(path);
    return {
      layer: { attribute, create: `Norm(${shape[2]}${means.length === 1 ? "" : `, applications=${means.length}`})`, state },
      expression: ([x]) => `self.${attribute}(${x}${index === 0 ? "" : `, ${index}`})`,
    };
  },
  maxPool: ({ kernel, stride, padding }) => {
    const own = evenPadding(padding);
    return {
      layer: null,
      expression: ([x = ""]) =>
        own === null
          ? `F.max_pool2d(${padded(x, padding, "-torch.inf")}, ${pair(kernel)}, ${stride})`
          : `F.max_pool2d(${x}, ${pair(kernel)}, ${stride}, ${pair(own)})`,
    };
  },
  averagePool: ({ kernel, stride, padding }) => {
    const own = evenPadding(padding);
    return {
      layer: null,
      expression: ([x = ""]) =>
        own === null
          ? `average_pool(${x}, ${pair(kernel)}, ${stride}, ${sides(padding)})`
          : `F.avg_pool2d(${x}, ${pair(kernel)}, ${stride}, ${pair(own)}, count_include_pad=False)`,
    };
  },
  upsample: ({ factor, shape: [height, width] }, _, [inHeight = 0, inWidth = 0]) => ({
    layer: null,
    expression: ([x]) =>
      `F.interpolate(${x}, scale_factor=${factor}, mode="nearest")${inHeight * factor === height && inWidth * factor === width ? "" : `[:, :, :${height}, :${width}]`}`,
  }),
  sum: () => ({ layer: null, expression: (inputs) => (inputs.length === 1 ? `${inputs[0]}` : inputs.join(" + ")) }),
  concatenate: () => ({ layer: null, expression: (inputs) => `torch.cat([${inputs.join(", ")}], 1)` }),
  globalAveragePool: () => ({ layer: null, expression: ([x]) => `torch.mean(${x}, (2, 3))` }),
  linear({ weight, bias }, { network, attributeOf }) {
    const array = arrayOf(network, weight);
    const [features = 1, classes = 1] = array.shape;
    const attribute = attributeOf(weight.replace(/weight$/, "linear"));
    const transposed = new Float32Array(array.values.length);
    for (let i = 0; i < features; i++) for (let j = 0; j < classes; j++) transposed[j * features + i] = array.values[i * classes + j] ?? 0;
    return {
      layer: {
        attribute,
        create: `nn.Linear(${features}, ${classes})`,
        state: new Map([
          ["weight", { shape: [classes, features], values: transposed }],
          ["bias", arrayOf(network, bias)],
        ]),
      },
      expression: ([x]) => `self.${attribute}(${x})`,
    };
  },
};

/** Padding of rows and columns where it is the same on both sides; null where there is an odd row or column. */
function evenPadding([top, left, bottom, right]: Padding): readonly [number, number] | null {
  return top === bottom && left === right ? [top, left] : null;
}

/** Pads where the layer itself cannot. */
function padded(x: string, padding: Padding, value = "0"): string {
  return evenPadding(padding) === null ? `F.pad(${x}, ${sides(padding)}${value === "0" ? "" : `, value=${value}`})` : x;
}

/** PyTorch's order: left, right, top, bottom. */
function sides([top, left, bottom, right]: Padding): string {
  return `(${left}, ${right}, ${top}, ${bottom})`;
}

function pair([a, b]: readonly [number, number]): string {
  return a === b ? String(a) : `(${a}, ${b})`;
}
