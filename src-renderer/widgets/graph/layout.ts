/** Places graphs; shared with the command line. */
export * from "../../../src-shared/drawing/layout.ts";
