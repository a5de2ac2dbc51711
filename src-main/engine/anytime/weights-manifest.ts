/** Marks a safetensors file with the weights of one trained network with several exits; its metadata entry `manifest` holds the training's record and how images are fed. */
export const ANYTIME_WEIGHTS_FORMAT = "ghn-studio-anytime-weights";
