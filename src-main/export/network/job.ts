/** Messages between the program and the process that exports networks. */
import { z } from "zod";
import type { RunConfig } from "../../../src-shared/domain/config/run-config.ts";
import type { Verification } from "../../../src-shared/domain/records/exports.ts";
import type { OnnxOptions } from "../../engine/formats/onnx/model.ts";

/** Name of the environment variable with the path of the job, a JSON file. */
export const JOB_VARIABLE = "GHN_STUDIO_EXPORT_JOB";

/** Where the weights come from: a file of a training, or a GHN that generates them for a scored architecture. */
export type NetworkSource =
  | { readonly from: "training"; readonly file: string }
  | { readonly from: "ghn"; readonly file: string; readonly architecture: unknown };

/** What to write. */
export type NetworkFile =
  | { readonly format: "onnx"; readonly path: string; readonly options: OnnxOptions }
  /** A module, and its weights in PyTorch's layout. */
  | { readonly format: "pytorch"; readonly module: string; readonly weights: string };

export interface NetworkExportJob {
  readonly source: NetworkSource;
  /** Config of the run that trained or scored the network; not of the pipeline that this run is a stage of. */
  readonly config: RunConfig;
  readonly dataFolders: readonly string[];
  readonly name: string;
  readonly version: string;
  /** Where the network comes from, text by key; stored in files that can hold it. */
  readonly provenance: Readonly<Record<string, string>>;
  readonly files: readonly NetworkFile[];
  /** At most this many test images are used to check the files; 0 for no check. */
  readonly verifyImages: number;
}

/** A file as it was written, with the result of its check; null where no check was asked for. */
export interface WrittenNetworkFile {
  readonly path: string;
  readonly format: NetworkFile["format"];
  readonly verification: Verification | null;
}

export const answerSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("written"), files: z.array(z.custom<WrittenNetworkFile>((value) => typeof value === "object" && value !== null)) }),
  z.object({
    type: z.literal("refused"),
    message: z.string(),
    details: z.object({ code: z.string(), remedy: z.string(), field: z.string().optional(), file: z.string().optional() }),
  }),
  z.object({ type: z.literal("broken"), message: z.string() }),
]);
export type ExportAnswer = z.infer<typeof answerSchema>;
