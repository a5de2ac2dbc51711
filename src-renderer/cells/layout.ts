/** Places graphs; shared with the command line. */
export * from "../../src-shared/cells/layout.ts";
