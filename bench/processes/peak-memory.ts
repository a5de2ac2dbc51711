/** A process that runs some steps of one generator on random cells and prints its peak memory as JSON: `peak-memory.ts <graph|one-shot> <nodes> <operations> <own|same> <steps>` */
import { initBackend } from "../../src-main/engine/backend/index.ts";
import { OPERATIONS } from "../../src-shared/domain/architecture/operations.ts";
import { searchSpaceSchema } from "../../src-shared/domain/architecture/search-space.ts";
import { GhnSteps, QUICK, randomCells } from "../lib/training-steps.ts";

const [, , generator = "graph", nodes = "17", operations = "9", cells = "own", steps = "6"] = process.argv;
const backend = await initBackend({ threads: 2 });
const own = OPERATIONS.slice(0, Number(operations));
const space = searchSpaceSchema.parse({ nodes: Number(nodes), operations: own });
const bench = new GhnSteps(backend, QUICK, 32, { generator: generator === "one-shot" ? "one-shot" : "graph", space });
// `own`: cells with all operations of the space, as in a search. `same`: the same cells for every space, to isolate the memory of the generator.
const used = cells === "same" ? OPERATIONS.slice(0, 3) : own;
for (const cell of randomCells(Number(nodes), Number(steps), 40, used)) bench.step([cell]);
process.stdout.write(`${JSON.stringify({ peakMb: process.resourceUsage().maxRSS / 1024, parameters: bench.ghn.parameterCount })}\n`);
process.exit(0);
