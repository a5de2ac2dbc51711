/**
 * Who may import whom. `npm run check` runs this through scripts/checks/dependencies.ts, which also finds cycles between folders.
 *
 * Each list below names layers from bottom to top. A file may import files of its own layer and of lower ones. Layers in one row are independent of each other.
 * A name stands for a folder with everything below it, or for a file where it has an extension; `name/*` stands for the files directly in a folder.
 * Imports of types count as well.
 *
 * @typedef {import("dependency-cruiser").IForbiddenRuleType} Rule
 */

/** Between the processes. */
const PROCESSES = [["src-shared"], ["src-main", "src-preload", "src-renderer"], ["scripts"], ["tests"], ["bench"]];

const SHARED = [
  ["domain/architecture"],
  ["domain/*"],
  ["domain/config"],
  ["domain/records"],
  ["analysis", "drawing"],
  // Calls, events and messages between the processes.
  ["contract.ts", "worker-protocol.ts", "ipc-channels.ts"],
];

const MAIN = [
  ["lib"],
  ["engine", "store", "config"],
  ["workers", "tensorflow-install"],
  ["runs"],
  ["export", "doctor"],
  ["api"],
  ["hosts"],
  ["cli"],
  ["main.ts", "cli.ts"],
  ["launcher"],
];

const ENGINE = [
  ["random.ts"],
  ["datasets", "backend/ops"],
  ["backend/optimizer"],
  ["backend/tensorflow", "backend/wasm"],
  ["backend/*"],
  ["network"],
  ["formats"],
  ["spaces"],
  ["ghn"],
  ["baselines"],
  ["evaluation"],
  ["training"],
  ["search"],
  ["jobs"],
];

const RENDERER = [["env.d.ts"], ["bridge"], ["lib"], ["stores"], ["widgets"], ["features"], ["pages"], ["shell"], ["router.ts"], ["App.vue"], ["main.ts"]];

/** Regular expression for the files of a layer. @param {string} base @param {string} name */
function files(base, name) {
  const path = `^${base === "" ? "" : `${base}/`}${name.replaceAll(".", "\\.")}`;
  if (name.endsWith("/*")) return path.replace(/\*$/, "[^/]+$");
  return /\.\w+$/.test(name) ? `${path}$` : `${path}/`;
}

/** Rules that let imports go downwards only. @param {string} name @param {string} base @param {string[][]} layers @returns {Rule[]} */
function oneWay(name, base, layers) {
  const rows = layers.map((row) => row.map((layer) => files(base, layer)));
  return rows.flatMap((row, level) =>
    row.flatMap((layer) => {
      const forbidden = [...row.filter((other) => other !== layer), ...rows.slice(level + 1).flat()];
      return forbidden.length === 0 ? [] : [{ name, severity: "error", from: { path: layer }, to: { path: forbidden } }];
    }),
  );
}

/** A rule that every file belongs to a layer. @param {string} base @param {string[][]} layers @returns {Rule} */
function everyFileIn(base, layers) {
  return {
    name: "no-layer",
    severity: "error",
    from: { path: `^${base}/`, pathNot: layers.flat().map((layer) => files(base, layer)) },
    to: {},
  };
}

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    { name: "file-cycle", severity: "error", from: {}, to: { circular: true } },
    { name: "not-found", severity: "error", from: {}, to: { couldNotResolve: true } },
    ...oneWay("processes", "", PROCESSES),
    ...oneWay("shared-layers", "src-shared", SHARED),
    ...oneWay("main-layers", "src-main", MAIN),
    ...oneWay("engine-layers", "src-main/engine", ENGINE),
    ...oneWay("renderer-layers", "src-renderer", RENDERER),
    everyFileIn("src-shared", SHARED),
    everyFileIn("src-main", MAIN),
    everyFileIn("src-main/engine", ENGINE),
    everyFileIn("src-renderer", RENDERER),
    {
      name: "contract",
      comment: "The contract holds calls and events; data types that the lower layers need are in src-shared/domain.",
      severity: "error",
      from: { path: "^src-main/(lib|engine|store|config|workers)/" },
      to: { path: "^src-shared/(contract|ipc-channels)\\.ts$" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "\\.(css|woff2)$" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["types", "import", "require", "node", "default"],
      extensions: [".ts", ".d.ts", ".mjs", ".js"],
    },
  },
};
