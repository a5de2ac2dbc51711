export interface Term {
  readonly name: string;
  readonly text: string;
}

/** Glossary of the terms of the paper, one or two sentences each, in alphabetical order. */
export const TERMS: readonly Term[] = [
  { name: "Auxiliary head", text: "A second classifier at two thirds of the depth; its loss is added when training from scratch." },
  { name: "Block", text: "One instance of the cell in the network. The paper stacks 18 blocks." },
  {
    name: "Cell",
    text: "A small directed acyclic graph of operations. Every block of the network is the same cell, so searching for a cell is searching for a network.",
  },
  { name: "Drop-path", text: "Regularisation that drops whole paths of a network at random during training, with a rate that increases over time." },
  {
    name: "Forward-backward propagation",
    text: "Messages pass through the graph in the order of computation and then in reverse, like gradients; repeated for T phases.",
  },
  { name: "GHN", text: "Graph HyperNetwork: a graph neural network that takes the computation graph of a network and generates all of its weights." },
  { name: "GHN Top", text: "The cells ranked best by a GHN, i.e. the shortlist. The paper trains ten." },
  { name: "GHN Top-Best", text: "The best GHN Top cell after short training, then fully trained." },
  { name: "Hypernetwork H", text: "The part of the GHN that turns the final embedding of a node into the weights of its operation." },
  { name: "Isomorphic cells", text: "Cells that are equal up to the order of their nodes. They count as one." },
  { name: "Meta-batch", text: "Number of random architectures averaged over in one GHN training step." },
  { name: "Multiply-adds", text: "Number of multiply-add operations per image; the paper's measure of speed." },
  { name: "Node embedding", text: "The state vector of a node in the GHN; initialised from the operation and updated by messages." },
  { name: "Pass embedding (PE)", text: "The mean embedding of a block is passed to the next block, which keeps deep stacks of blocks cheap." },
  { name: "Random baseline", text: "Cells sampled from the same space and trained with the same protocol. A useful search must beat them." },
  { name: "Reduction", text: "A block that halves the resolution and doubles the channels." },
  { name: "Score", text: "Validation accuracy of a cell with generated weights. It is used to rank cells and is not the accuracy reached by training." },
  { name: "Search space", text: "All cells that can be sampled, given the operations, the number of nodes N and the inputs per node." },
  { name: "Share parameters (SP)", text: "All blocks share one set of GNN parameters." },
  { name: "T", text: "Number of message passing phases. The paper uses 5." },
];
