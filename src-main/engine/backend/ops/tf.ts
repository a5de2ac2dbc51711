/**
 * The one place where tfjs is loaded. Everything in the engine imports `tf` from here, so that the TensorFlow binding, the wasm
 * backend and the model code share a single tfjs-core with all gradients registered.
 *
 * tfjs ships CommonJS bundles for Node whose named exports an ESM import does not see: hence `createRequire`.
 */
import { createRequire } from "node:module";
import type * as TensorFlowJs from "@tensorflow/tfjs";

export type {
  DataType,
  NamedTensorMap,
  Rank,
  Scalar,
  Tensor,
  Tensor1D,
  Tensor2D,
  Tensor3D,
  Tensor4D,
  TensorInfo,
  TypedArray,
  Variable,
} from "@tensorflow/tfjs";

/** `require` as the engine's native packages see it. */
export const nodeRequire = createRequire(import.meta.url);

/** The tfjs union package: core, every gradient, and no backend of weight. */
export const tf = nodeRequire("@tensorflow/tfjs") as typeof TensorFlowJs;
