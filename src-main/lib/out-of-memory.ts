/** How TensorFlow, wasm, JavaScript and the C++ library say that memory ran out. */
const MESSAGES =
  /heap out of memory|std::bad_alloc|OOM when allocating|RESOURCE_EXHAUSTED|ResourceExhausted|Cannot allocate memory|CUDA_ERROR_OUT_OF_MEMORY|out of memory|Array buffer allocation failed|Cannot enlarge memory|Invalid (?:typed )?array (?:buffer )?length|WebAssembly\.Memory/i;

export const MEMORY_REMEDY =
  "Choose a smaller batch (training.batchSize, search.batchSize) or fewer channels F (network.initialChannels), or close other programs. Then resume the run or start a new one.";

export function isOutOfMemory(text: string): boolean {
  return MESSAGES.test(text);
}
