import { z } from "zod";
import { anytimeNetworkSchema, anytimeSpaceSchema } from "../../../../src-shared/domain/config/anytime-config.ts";
import { migrateGhnConfig } from "../../../../src-shared/domain/config/migrate-config.ts";
import { ghnConfigSchema } from "../../../../src-shared/domain/config/run-config.ts";
import { UserError } from "../../../lib/errors.ts";
import type { GhnDescription } from "../shared/ghn-description.ts";
import { anytimeFamily } from "./network-family.ts";
import type { AnytimeTypes } from "./types.ts";

const size = z.int().min(1).max(100_000);
const manifestSchema = z.object({
  ghn: z.preprocess(migrateGhnConfig, ghnConfigSchema),
  space: anytimeSpaceSchema,
  network: anytimeNetworkSchema,
  input: z.object({ height: size, width: size, channels: size, classes: size }),
});

/** Hypernetworks of the anytime space. Only graph hypernetworks work here, because edge activations come from the graph. */
export const anytimeGhn: GhnDescription<AnytimeTypes> = {
  fileFormat: "ghn-studio-anytime-ghn",
  manifestSchema,
  manifest: ({ ghn, space, network }, input) => ({ ghn, space, network, input }),
  family: anytimeFamily,
  fixedSize: null,
  check(trained, { space, network }, input, file) {
    const same = (field: string, there: unknown, here: unknown): void => {
      if (JSON.stringify(there) === JSON.stringify(here)) return;
      throw new UserError(`The GHN was trained for another space: ${field} is ${JSON.stringify(there)} in the GHN and ${JSON.stringify(here)} here.`, {
        code: "ghn-mismatch",
        remedy: "Use the settings and images that the GHN was trained with, or train another GHN.",
        field,
        file,
      });
    };
    same("network.initialChannels", trained.network.initialChannels, network.initialChannels);
    same("space.scales", trained.space?.scales, space.scales);
    // It generates weights for cells with any number of nodes, but only for the number of cells that it was trained for.
    same("space.nodes", trained.space?.nodes.length, space.nodes.length);
    for (const field of ["height", "width", "channels", "classes"] as const) same("dataset", trained.input[field], input[field]);
  },
};
