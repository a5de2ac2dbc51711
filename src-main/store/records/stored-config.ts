import { z } from "zod";
import { RUN_KINDS } from "../../../src-shared/domain/config/run-config.ts";

/** What every stored config has, of whatever version. A run is checked completely before it starts. */
export const storedConfigSchema = z.looseObject({ kind: z.enum(RUN_KINDS), seed: z.number(), dataset: z.looseObject({ id: z.string() }) });
