/** Cells as graphs; shared with the command line. */
export * from "../../../src-shared/drawing/graph.ts";
