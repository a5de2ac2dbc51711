import type { GridColumn, GridState } from "../../../widgets/grid/grid.ts";

export const CANDIDATE_COLUMNS: readonly GridColumn[] = [
  { id: "rank", title: "#", hint: "Rank by score", width: 62, align: "right", sortKey: "rank" },
  { id: "name", title: "Cell", width: 170, sortKey: "name" },
  { id: "score", title: "Score", hint: "Validation accuracy with generated weights", width: 100, align: "right", sortKey: "score", descendingFirst: true },
  { id: "scoreLoss", title: "Loss", hint: "Mean cross-entropy with generated weights", width: 90, align: "right", sortKey: "scoreLoss" },
  { id: "parameters", title: "Parameters", width: 112, align: "right", sortKey: "parameters" },
  { id: "multiplyAdds", title: "Multiply-adds", hint: "Per image", width: 122, align: "right", sortKey: "multiplyAdds" },
  { id: "role", title: "Role", hint: "Shortlist or random baseline", width: 104, sortKey: "role" },
  { id: "nodes", title: "Nodes", width: 78, align: "right", sortKey: "nodes" },
  { id: "index", title: "Proposed", hint: "Position in the order of proposal", width: 98, align: "right", sortKey: "index" },
  { id: "evaluationMs", title: "Scoring", hint: "Time to score", width: 92, align: "right", sortKey: "evaluationMs", descendingFirst: true },
  { id: "generationMs", title: "Weights", hint: "Time to generate weights", width: 92, align: "right", sortKey: "generationMs", descendingFirst: true },
  { id: "latencyMs", title: "Latency", hint: "Median latency per image, if measured", width: 92, align: "right", sortKey: "latencyMs" },
  { id: "operations", title: "Operations", hint: "Number of occurrences of each operation", width: 320 },
];

export const DEFAULT_CANDIDATE_COLUMNS: GridState = {
  order: CANDIDATE_COLUMNS.map((column) => column.id),
  hidden: ["generationMs", "nodes", "latencyMs"],
  pinned: ["rank", "name"],
  widths: {},
};
