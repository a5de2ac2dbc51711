/**
 * The only place that loads tfjs. The whole engine imports `tf` from here, so that the TensorFlow binding, the wasm
 * backend and the model code share a single tfjs-core with all gradients registered.
 *
 * tfjs ships CommonJS bundles for Node, whose named exports are invisible to ESM imports; hence `createRequire`.
 */
import { createRequire } from "node:module";
import type * as TensorFlowJs from "@tensorflow/tfjs";

export type {
  DataType,
  NamedTensorMap,
  Scalar,
  Tensor,
  Tensor1D,
  Tensor2D,
  Tensor3D,
  Tensor4D,
  TensorInfo,
  Variable,
} from "@tensorflow/tfjs";

/** `require` for the engine's native packages. */
export const nodeRequire = createRequire(import.meta.url);

/** The tfjs union package: tfjs-core and all gradients. */
export const tf = nodeRequire("@tensorflow/tfjs") as typeof TensorFlowJs;
