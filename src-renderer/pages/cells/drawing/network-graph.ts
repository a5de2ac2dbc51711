import type { Architecture, NetworkConfig } from "../../../../src-shared/domain/architecture/network.ts";
import { type DrawingNode, edge, type Graph, type GraphEdge, portNode } from "../../../../src-shared/drawing/graph.ts";

/** The network as a graph of its blocks, one box each. */
export function networkGraph(architecture: Architecture, network: NetworkConfig): Graph {
  const nodes: DrawingNode[] = [box("stem", "stem", "First convolution of the network.", -1, null, "port")];
  const edges: GraphEdge[] = [];
  const reductions = new Set(network.reductions);
  let channels = network.initialChannels;
  for (let block = 0; block < network.blocks; block++) {
    const reduces = reductions.has(block);
    if (reduces) channels *= 2;
    const title = reduces ? (architecture.reduction === undefined ? "normal, ½ size" : "reduction") : "normal";
    nodes.push(
      box(
        `b${block}`,
        `${block + 1} · ${title} · ${channels}`,
        `Block ${block + 1}: ${title} cell with ${channels} channels per node.`,
        -3,
        block,
        reduces ? "conv" : "identity",
      ),
    );
    edges.push(edge(block === 0 ? "stem" : `b${block - 1}`, `b${block}`));
    if (block >= 1) edges.push(edge(block === 1 ? "stem" : `b${block - 2}`, `b${block}`));
  }
  nodes.push(box("classifier", "pool · classifier", "Global average pooling and the linear classifier.", -2, null, "port"));
  edges.push(edge(`b${network.blocks - 1}`, "classifier"));
  return { nodes, edges };
}

function box(id: string, label: string, description: string, node: number, block: number | null, family: DrawingNode["family"]): DrawingNode {
  return { ...portNode(id, label, description, node), width: 168, height: 28, block, family };
}
