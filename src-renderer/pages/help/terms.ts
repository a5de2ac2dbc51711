export interface Term {
  readonly name: string;
  readonly text: string;
}

/** What the paper's words mean, one or two sentences each, in alphabetical order. */
export const TERMS: readonly Term[] = [
  { name: "Auxiliary head", text: "A second classifier at two thirds of a network whose loss is added while it trains from scratch." },
  { name: "Block", text: "One place in the network where the cell is used. The paper stacks 18." },
  { name: "Cell", text: "A small directed acyclic graph of operations. The same cell makes up every block, so searching a cell is searching a network." },
  { name: "Drop-path", text: "Whole paths of a network are left out at random during training, more of them towards its end." },
  {
    name: "Forward-backward propagation",
    text: "Messages run through the graph in the order of the computation, then back against it, as gradients do; T such phases.",
  },
  { name: "GHN", text: "Graph HyperNetwork: a graph neural network that reads the graph of a network and generates all of its weights." },
  { name: "GHN Top", text: "The cells that a GHN ranks best; the shortlist. The paper trains ten." },
  { name: "GHN Top-Best", text: "The best of GHN Top after training, trained to the end." },
  { name: "Hypernetwork H", text: "The part of the GHN that turns the final embedding of a node into the weights of its operation." },
  { name: "Isomorphic cells", text: "Cells that compute the same function with their nodes in another order. They count once." },
  { name: "Meta-batch", text: "How many random architectures one step of GHN training averages over." },
  { name: "Multiply-adds", text: "Multiplications with additions that one image costs; the paper's measure of speed." },
  { name: "Node embedding", text: "The vector that the GHN holds for each node; it starts as the kind of operation and is changed by messages." },
  { name: "Pass embedding (PE)", text: "The mean embedding of a block is handed to the next block, so that a stack of many blocks stays cheap." },
  { name: "Random baseline", text: "Cells drawn at random from the same space and trained alike. A search that does not beat them found nothing." },
  { name: "Reduction", text: "A block after which images are halved and channels doubled." },
  { name: "Score", text: "Validation accuracy of a cell with generated weights. It ranks cells; it is not the accuracy that training reaches." },
  { name: "Search space", text: "All cells that can be drawn: the operations, the number of nodes N and the inputs of each node." },
  { name: "Share parameters (SP)", text: "One set of GNN parameters serves all blocks." },
  { name: "T", text: "Number of phases of message passing. The paper uses 5." },
];
