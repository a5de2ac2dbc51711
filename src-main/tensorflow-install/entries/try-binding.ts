/**
 * A process that loads a binding, multiplies two matrices and prints version and device as JSON. On failure: exit code 1 and the reason on the last line. Run
 * before an entry enters the cache, so that the cache never contains a broken one.
 */
import { createRequire } from "node:module";

/** The binding's exports used here. Tensors are identified by numbers. */
interface Binding {
  readonly TF_Version: string;
  readonly TF_FLOAT: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_BOOL: number;
  createTensor(shape: readonly number[], type: number, values: Float32Array): number;
  executeOp(
    name: string,
    attributes: readonly { name: string; type: number; value: unknown }[],
    inputs: readonly number[],
    outputs: number,
  ): readonly { id: number }[];
  tensorDataSync(id: number): Float32Array;
  isUsingGpuDevice(): boolean;
}

try {
  const [file] = process.argv.slice(2);
  if (file === undefined) throw new Error("Usage: try-binding.ts <tfjs_binding.node>");
  const binding = createRequire(import.meta.url)(file) as Binding;
  const matrix = binding.createTensor([2, 2], binding.TF_FLOAT, Float32Array.of(1, 2, 3, 4));
  const attributes = [
    { name: "transpose_a", type: binding.TF_ATTR_BOOL, value: false },
    { name: "transpose_b", type: binding.TF_ATTR_BOOL, value: true },
    { name: "T", type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
  ];
  const [product] = binding.executeOp("MatMul", attributes, [matrix, matrix], 1);
  const values = product === undefined ? [] : [...binding.tensorDataSync(product.id)];
  if (values.join() !== "5,11,11,25") throw new Error(`it computed ${values.join()} instead of 5,11,11,25.`);
  process.stdout.write(`${JSON.stringify({ version: binding.TF_Version, gpu: binding.isUsingGpuDevice() })}\n`);
} catch (error) {
  process.stderr.write(`${(error instanceof Error ? error.message : String(error)).replaceAll("\n", " ")}\n`);
  process.exitCode = 1;
}
