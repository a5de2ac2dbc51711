// Depthwise convolutions and batch norm on the CPU, registered with TensorFlow through its C interface.
//
// TensorFlow's and oneDNN's kernels for these are made for many channels. Cells have few (8 to 32), so that most of the time is spent moving data. Here, ReLU is applied while reading,
// dilation is free, and batch norm reads its input only twice. Results depend neither on the number of threads nor, for AVX2 and AVX-512, on the instruction set.
//
// Compiled by the set-up for the baseline of the processor's architecture. The arithmetic is compiled once per instruction set, which is chosen when the library is loaded.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "arithmetic.h"
#include "call.h"
#include "tensorflow-c.h"
#include "thread-pool.h"

namespace {

// Memory of this thread for a padded block, which grows as needed and is never freed. Aligned to 64 bytes.
void* blockMemory(Image image, int border, size_t bytesPerPixel) {
  static thread_local void* buffer = nullptr;
  static thread_local size_t capacity = 0;
  const size_t bytes = (static_cast<size_t>(image.height + 2 * border) * (image.width + 2 * border) * bytesPerPixel + 63) / 64 * 64;
  if (capacity < bytes) {
    std::free(buffer);
    buffer = std::aligned_alloc(64, bytes);
    if (buffer == nullptr) std::abort();
    capacity = bytes;
  }
  return buffer;
}

// ---- arithmetic for each instruction set

namespace portable {
constexpr int LANES = 8;
#include "depthwise.inc"
#include "batch-norm.inc"
constexpr Arithmetic ARITHMETIC = {"portable", convolve, filterGradient, batchNorm, batchNormGradient};
}  // namespace portable

#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
namespace avx2 {
constexpr int LANES = 8;
#include "depthwise.inc"
#include "batch-norm.inc"
constexpr Arithmetic ARITHMETIC = {"avx2", convolve, filterGradient, batchNorm, batchNormGradient};
}  // namespace avx2
#if defined(__clang__)
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512vl,avx512dq,avx512bw"))), apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx2,fma,avx512f,avx512vl,avx512dq,avx512bw")
#endif
namespace avx512 {
constexpr int LANES = 16;
#include "depthwise.inc"
#include "batch-norm.inc"
constexpr Arithmetic ARITHMETIC = {"avx512", convolve, filterGradient, batchNorm, batchNormGradient};
}  // namespace avx512
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif

// The best instruction set of this processor, or the one that GHN_KERNELS names (for tests); null if there is none that TensorFlow's own kernels do not beat.
const Arithmetic* chooseArithmetic() {
  const char* wanted = std::getenv("GHN_KERNELS");
  const auto allowed = [wanted](const char* name) { return wanted == nullptr || std::strcmp(wanted, name) == 0; };
#if defined(__x86_64__)
  const bool hasAvx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool hasAvx512 = hasAvx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
  if (hasAvx512 && allowed("avx512")) return &avx512::ARITHMETIC;
  if (hasAvx2 && allowed("avx2")) return &avx2::ARITHMETIC;
  if (wanted == nullptr) return nullptr;
#endif
  return allowed("portable") ? &portable::ARITHMETIC : nullptr;
}

const Arithmetic* arithmetic = nullptr;

// ---- the operations

struct Settings {
  int32_t dilation = 1, relu = 0;
  float epsilon = 0;
};

template <bool CONVOLUTION>
void* create(TF_OpKernelConstruction* construction) {
  Settings* settings = new Settings();
  TF_Status* status = TF_NewStatus();
  if (CONVOLUTION) {
    TF_OpKernelConstruction_GetAttrInt32(construction, "dilation", &settings->dilation, status);
    if (TF_GetCode(status) == 0) TF_OpKernelConstruction_GetAttrInt32(construction, "relu", &settings->relu, status);
  } else {
    TF_OpKernelConstruction_GetAttrFloat(construction, "epsilon", &settings->epsilon, status);
  }
  if (TF_GetCode(status) != 0) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return settings;
}

void destroy(void* settings) { delete static_cast<Settings*>(settings); }

Image imageOf(const Call& call, int input) {
  return {static_cast<int>(call.dim(input, 1)), static_cast<int>(call.dim(input, 2)), static_cast<int>(call.dim(input, 3))};
}

// Checks that input `image` is [n, h, w, c] and input `filter` [k, k, c, 1] with k 3, 5 or 7.
bool checkConvolution(Call& call, int image, int filter, const Settings& settings) {
  if (!call.ok()) return false;
  if (!call.require(call.rank(image) == 4 && call.rank(filter) == 4, "depthwise: images and filters must have four dimensions")) return false;
  const int64_t k = call.dim(filter, 0);
  return call.require((k == 3 || k == 5 || k == 7) && call.dim(filter, 1) == k && call.dim(filter, 2) == call.dim(image, 3) && call.dim(filter, 3) == 1 && settings.dilation >= 1,
                      "depthwise: the filter must be [k, k, channels, 1] with k 3, 5 or 7");
}

Convolution convolutionOf(const Call& call, int filter, const Settings& settings) {
  return {static_cast<int>(call.dim(filter, 0)), settings.dilation, settings.relu != 0};
}

// x, w -> y
void depthwise(void* kernel, TF_OpKernelContext* context) {
  const Settings settings = *static_cast<Settings*>(kernel);
  Call call(context, 2);
  if (!checkConvolution(call, 0, 1, settings)) return;
  float* y = call.outputLike(0, 0);
  if (y == nullptr) return;
  arithmetic->convolve(call.data(0), call.data(1), call.dim(0, 0), imageOf(call, 0), convolutionOf(call, 1, settings), false, nullptr, y);
}

// dy, w, x -> dx
void depthwiseInputGradient(void* kernel, TF_OpKernelContext* context) {
  const Settings settings = *static_cast<Settings*>(kernel);
  Call call(context, 3);
  if (!checkConvolution(call, 0, 1, settings) || !call.require(settings.relu == 0 || call.sameShape(0, 2), "depthwise: x and dy must have the same shape")) return;
  float* dx = call.outputLike(0, 0);
  if (dx == nullptr) return;
  Convolution convolution = convolutionOf(call, 1, settings);
  convolution.relu = false;
  arithmetic->convolve(call.data(0), call.data(1), call.dim(0, 0), imageOf(call, 0), convolution, true, settings.relu != 0 ? call.data(2) : nullptr, dx);
}

// x, dy, w (for its shape) -> dw
void depthwiseFilterGradient(void* kernel, TF_OpKernelContext* context) {
  const Settings settings = *static_cast<Settings*>(kernel);
  Call call(context, 3);
  if (!checkConvolution(call, 0, 2, settings) || !call.require(call.sameShape(0, 1), "depthwise: x and dy must have the same shape")) return;
  float* dw = call.outputLike(0, 2);
  if (dw == nullptr) return;
  arithmetic->filterGradient(call.data(0), call.data(1), call.dim(0, 0), imageOf(call, 0), convolutionOf(call, 2, settings), dw);
}

// x, gamma, beta -> y, mean, unbiased variance, and for the gradient mean and 1 / deviation
void batchNorm(void* kernel, TF_OpKernelContext* context) {
  const float epsilon = static_cast<Settings*>(kernel)->epsilon;
  Call call(context, 3);
  if (!call.ok()) return;
  if (!call.require(call.rank(0) == 4 && call.size(1) == call.dim(0, 3) && call.size(2) == call.dim(0, 3) && call.size(0) > 0, "batch norm: the shapes do not match")) return;
  const int channels = static_cast<int>(call.dim(0, 3));
  NormForward norm = {call.size(0) / channels, channels, epsilon, call.data(0), call.data(1), call.data(2), nullptr, nullptr, nullptr, nullptr, nullptr};
  norm.y = call.outputLike(0, 0);
  norm.mean = call.outputLike(1, 1);
  norm.variance = call.outputLike(2, 1);
  norm.saved = call.outputLike(3, 1);
  norm.inverse = call.outputLike(4, 1);
  if (call.ok()) arithmetic->batchNorm(norm);
}

// dy, x, gamma, mean, 1 / deviation -> dx, dgamma, dbeta
void batchNormGradient(void*, TF_OpKernelContext* context) {
  Call call(context, 5);
  if (!call.ok() || !call.require(call.rank(1) == 4 && call.sameShape(0, 1) && call.size(1) > 0, "batch norm: the shapes do not match")) return;
  const int channels = static_cast<int>(call.dim(1, 3));
  for (int i = 2; i < 5; i++)
    if (!call.require(call.size(i) == channels, "batch norm: the shapes do not match")) return;
  NormBackward norm = {call.size(1) / channels, channels, call.data(0), call.data(1), call.data(2), call.data(3), call.data(4), nullptr, nullptr, nullptr};
  norm.dx = call.outputLike(0, 1);
  norm.dgamma = call.outputLike(1, 2);
  norm.dbeta = call.outputLike(2, 2);
  if (call.ok()) arithmetic->batchNormGradient(norm);
}

void define(const char* name, std::vector<const char*> attributes, std::vector<const char*> inputs, std::vector<const char*> outputs,
            void* (*create)(TF_OpKernelConstruction*), void (*compute)(void*, TF_OpKernelContext*)) {
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(name);
  for (const char* attribute : attributes) TF_OpDefinitionBuilderAddAttr(definition, attribute);
  for (const char* input : inputs) TF_OpDefinitionBuilderAddInput(definition, input);
  for (const char* output : outputs) TF_OpDefinitionBuilderAddOutput(definition, output);
  TF_Status* status = TF_NewStatus();
  TF_RegisterOpDefinition(definition, status);
  if (TF_GetCode(status) == 0) TF_RegisterKernelBuilder(name, TF_NewKernelBuilder(name, "CPU", create, compute, destroy), status);
  // The trial that follows notices if registering failed; TensorFlow's own kernels are used then.
  TF_DeleteStatus(status);
}

}  // namespace

// Called by Node when it loads the file. Exports nothing.
extern "C" void* napi_register_module_v1(void*, void* exports) {
  if (arithmetic != nullptr) return exports;
  arithmetic = chooseArithmetic();
  if (arithmetic == nullptr) return exports;
#if defined(__GLIBC__)
  // The tensors of a step have the same few sizes as those of the step before. By default, glibc returns their memory to the system each time, and every page faults again.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 64 << 20);
#endif
  const std::vector<const char*> convolution = {"dilation: int", "relu: int"};
  define("GhnDepthwise", convolution, {"x: float", "w: float"}, {"y: float"}, create<true>, depthwise);
  define("GhnDepthwiseInputGradient", convolution, {"dy: float", "w: float", "x: float"}, {"dx: float"}, create<true>, depthwiseInputGradient);
  define("GhnDepthwiseFilterGradient", convolution, {"x: float", "dy: float", "w: float"}, {"dw: float"}, create<true>, depthwiseFilterGradient);
  define("GhnBatchNorm", {"epsilon: float"}, {"x: float", "gamma: float", "beta: float"}, {"y: float", "mean: float", "variance: float", "saved: float", "inverse: float"}, create<false>, batchNorm);
  define("GhnBatchNormGradient", {"epsilon: float"}, {"dy: float", "x: float", "gamma: float", "mean: float", "inverse: float"}, {"dx: float", "dgamma: float", "dbeta: float"},
         create<false>, batchNormGradient);
  return exports;
}
extern "C" int32_t node_api_module_get_api_version_v1() { return 8; }
