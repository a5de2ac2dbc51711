/**
 * A process that loads a binding by its path, multiplies two matrices and prints what it found as JSON. Exit code 1, with the reason in the last line, if anything of that
 * fails. Run before an entry joins the cache, so that nothing broken ever does.
 */
import { createRequire } from "node:module";

/** Of the binding's exports, what is used here. Tensors are known by numbers. */
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
  if (values.join() !== "5,11,11,25") throw new Error(`it computes ${values.join()} where 5,11,11,25 is right.`);
  process.stdout.write(`${JSON.stringify({ version: binding.TF_Version, gpu: binding.isUsingGpuDevice() })}\n`);
} catch (error) {
  process.stderr.write(`${(error instanceof Error ? error.message : String(error)).replaceAll("\n", " ")}\n`);
  process.exitCode = 1;
}
