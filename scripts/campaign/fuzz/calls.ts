/** Random calls of the contract: valid arguments, valid ones with damage, and anything. */
import fc from "fast-check";
import { CALLS, type CallName } from "../../../src-shared/contract.ts";
import { fromSchema } from "./from-schema.ts";
import { damagedJson, json, text } from "./hostile.ts";

export interface FuzzedCall {
  readonly name: string;
  readonly input: unknown;
}

export interface KnownValues {
  readonly runIds: readonly string[];
  /** Folders and files inside the allowed folders. */
  readonly paths: readonly string[];
}

const NAMES = Object.keys(CALLS) as readonly CallName[];

/** Calls of the contract, each as often as the others. Downloads with a valid argument are left out: they would use the network. */
export function fuzzedCalls({ runIds, paths }: KnownValues): fc.Arbitrary<FuzzedCall> {
  const runId = fc.constantFrom(...runIds);
  const path = fc.oneof(fc.constantFrom(...paths), fc.constantFrom("/etc", "/", "~", "..", "/dev/zero", "/proc/self/mem", "\\\\server\\share"), text);
  const fields: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
    runId,
    parentId: runId,
    ghnRunId: runId,
    runIds: fc.array(runId, { minLength: 1, maxLength: 5 }),
    candidateId: fc.nat(300),
    path,
    folder: path,
    names: fc.array(fc.constantFrom("ghn/loss", "train/loss", "train/validation-accuracy", "system/cpu"), { minLength: 1, maxLength: 3 }),
    expression: fc.oneof(fc.constantFrom('best("ghn/loss") < 3', 'name ~ "a" and not starred', "config.training.epochs >= 1", "((", 'has("x'), text),
    // Expressions and cells as files.
    json: fc.oneof(
      json.map((value) => JSON.stringify(value)),
      text,
    ),
  };
  const known: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
    ...fields,
    dataset: fc.constantFrom({ id: "digits" }, { id: "cifar10" }, ...paths.map((folder) => ({ id: "folder", path: folder, imageSize: 16 }))),
  };
  const calls = NAMES.map((name) => {
    const { input } = CALLS[name];
    const valid = fromSchema(input, { fields: known });
    return fc
      .oneof({ weight: 5, arbitrary: valid }, { weight: 5, arbitrary: damagedJson(valid) }, { weight: 1, arbitrary: json })
      .map((value) => ({ name: name as string, input: value }));
  });
  const foreign = fc.tuple(text, json).map(([name, input]) => ({ name, input }));
  return fc.oneof({ weight: NAMES.length, arbitrary: fc.oneof(...calls) }, { weight: 1, arbitrary: foreign }).filter(({ name, input }) => {
    return name !== "datasets.download" || !CALLS["datasets.download"].input.safeParse(input).success;
  });
}

/** What is wrong with an answer of the gate; null if it is a value or a proper refusal. */
export function faultOfAnswer(answer: unknown): string | null {
  if (typeof answer !== "object" || answer === null || !("ok" in answer)) return `not an answer: ${JSON.stringify(answer)?.slice(0, 200)}`;
  if (answer.ok === true) return null;
  const error: unknown = "error" in answer ? answer.error : null;
  if (typeof error !== "object" || error === null || !("code" in error) || !("message" in error)) return "a refusal without code and message";
  if (error.code === "internal") return `an internal error: ${JSON.stringify(error)}`;
  return null;
}
