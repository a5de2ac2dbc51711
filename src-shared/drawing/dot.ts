/** Graphs in the language of Graphviz. */
import type { Graph } from "./graph.ts";

/** A drawing with one cluster per graph. @param graphs with their headings */
export function graphsDot(title: string, graphs: readonly { readonly heading: string; readonly graph: Graph }[]): string {
  const clusters = graphs.flatMap(({ heading, graph: { nodes, edges } }, i) => [
    `  subgraph cluster_${i} {`,
    `    label=${quoted(heading)};`,
    ...nodes.map(
      ({ id, label, description, family, exit }) =>
        `    ${quoted(`c${i}_${id}`)} [label=${quoted(label)}, tooltip=${quoted(description)}, class=${quoted(family)}${family === "port" ? ", style=dashed" : ""}${exit === true ? ", peripheries=2" : ""}];`,
    ),
    ...edges.map(({ from, to }) => `    ${quoted(`c${i}_${from}`)} -> ${quoted(`c${i}_${to}`)};`),
    "  }",
  ]);
  return `${[`digraph ${quoted(title)} {`, "  rankdir=TB;", "  node [shape=box, style=rounded, fontname=sans];", ...clusters, "}"].join("\n")}\n`;
}

function quoted(text: string): string {
  return `"${text
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll(/\p{Cc}/gu, " ")}"`;
}
