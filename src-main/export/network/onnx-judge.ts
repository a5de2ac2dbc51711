/** ONNX Runtime, which runs exported models to check them. It is optional: there is no build of it for some systems. */
import { createRequire } from "node:module";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import type { NetworkInput } from "../../../src-shared/domain/architecture/network.ts";
import { type OnnxOptions, onnxOutputNames } from "../../engine/formats/onnx/model.ts";

type Runtime = typeof import("onnxruntime-node");

/** An ONNX model that another program runs. */
export interface OnnxJudge {
  /** Name and version of the program. */
  readonly name: string;
  /** Values of each output for a batch. @param batch float32 [n, channels, height, width], or uint8 [n, height, width, channels], as the model takes it */
  run(batch: Float32Array | Uint8Array, count: number): Promise<readonly Float32Array[]>;
  close(): Promise<void>;
}

/** Why there is no judge, as a sentence. */
export interface NoJudge {
  readonly reason: string;
}

/**
 * Opens a model in ONNX Runtime, on one or more threads of the CPU.
 * @throws Error when ONNX Runtime refuses the model
 */
export async function openOnnxJudge(
  file: string,
  { height, width, channels }: NetworkInput,
  exits: number,
  options: Pick<OnnxOptions, "preprocessing">,
): Promise<OnnxJudge | NoJudge> {
  const runtime = await loadRuntime();
  if ("reason" in runtime) return runtime;
  const { ort, version } = runtime;
  const session: InferenceSession = await ort.InferenceSession.create(file, { executionProviders: ["cpu"], logSeverityLevel: 3 });
  const input = session.inputNames[0] ?? "images";
  const outputs = onnxOutputNames(exits, options);
  return {
    name: `onnxruntime ${version}`,
    async run(batch, count) {
      const tensor: Tensor =
        batch instanceof Uint8Array
          ? new ort.Tensor("uint8", batch, [count, height, width, channels])
          : new ort.Tensor("float32", batch, [count, channels, height, width]);
      const results = await session.run({ [input]: tensor }, [...outputs]);
      return outputs.map((name) => {
        const data = results[name]?.data;
        if (!(data instanceof Float32Array)) throw new Error(`The model has no float output ${name}.`);
        return data;
      });
    },
    close: () => session.release(),
  };
}

async function loadRuntime(): Promise<{ readonly ort: Runtime; readonly version: string } | NoJudge> {
  try {
    const ort = await import("onnxruntime-node");
    const { version } = createRequire(import.meta.url)("onnxruntime-node/package.json") as { readonly version: string };
    return { ort, version };
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
    return { reason: `ONNX Runtime cannot be loaded on this machine (${why}).` };
  }
}
