// Runs our kernels without TensorFlow, on buffers of exactly the right size, over odd shapes, and compares them with slow references in double precision. Compiled with
// AddressSanitizer and UndefinedBehaviorSanitizer (or ThreadSanitizer), it finds reads and writes outside of buffers (or data races). memory.test.ts compiles and runs it.
//
// Arguments: the greatest number of channels, and the instruction sets to test.

#include <cstdio>
#include <map>
#include <random>
#include <string>

#include "../../../../src-main/engine/backend/tensorflow/own-kernels/kernels.cc"

// ---- a stand-in for TensorFlow's C interface

struct TF_Status {
  int code = 0;
  std::string message;
};
struct TF_Tensor {
  std::vector<int64_t> shape;
  float* data;
};
struct TF_OpDefinitionBuilder {};
struct TF_KernelBuilder {
  void* (*create)(TF_OpKernelConstruction*);
  void (*compute)(void*, TF_OpKernelContext*);
  void (*destroy)(void*);
};
struct TF_OpKernelConstruction {
  int32_t dilation, relu;
  float epsilon;
};

// A buffer without any slack. An odd offset makes sure that nothing relies on alignment.
struct Buffer {
  std::vector<int64_t> shape;
  float* memory = nullptr;
  bool shifted = false;
  float* data() const { return memory + (shifted ? 1 : 0); }
  int64_t size() const {
    int64_t product = 1;
    for (int64_t length : shape) product *= length;
    return product;
  }
  Buffer(std::vector<int64_t> lengths, bool shift) : shape(std::move(lengths)), shifted(shift) { memory = static_cast<float*>(std::malloc((size() + (shift ? 1 : 0)) * sizeof(float))); }
  Buffer(Buffer&& other) : shape(std::move(other.shape)), memory(other.memory), shifted(other.shifted) { other.memory = nullptr; }
  Buffer(const Buffer&) = delete;
  ~Buffer() { std::free(memory); }
};

struct TF_OpKernelContext {
  std::vector<const Buffer*> inputs;
  std::map<int, Buffer> outputs;
  std::string failure;
};

std::map<std::string, TF_KernelBuilder> registered;

extern "C" {
TF_Status* TF_NewStatus() { return new TF_Status(); }
void TF_DeleteStatus(TF_Status* status) { delete status; }
void TF_SetStatus(TF_Status* status, int code, const char* message) {
  status->code = code;
  status->message = message;
}
int TF_GetCode(const TF_Status* status) { return status->code; }
void* TF_TensorData(const TF_Tensor* tensor) { return tensor->data; }
int TF_NumDims(const TF_Tensor* tensor) { return static_cast<int>(tensor->shape.size()); }
int64_t TF_Dim(const TF_Tensor* tensor, int axis) { return tensor->shape.at(axis); }
void TF_DeleteTensor(TF_Tensor* tensor) { delete tensor; }
TF_OpDefinitionBuilder* TF_NewOpDefinitionBuilder(const char*) { return nullptr; }
void TF_OpDefinitionBuilderAddAttr(TF_OpDefinitionBuilder*, const char*) {}
void TF_OpDefinitionBuilderAddInput(TF_OpDefinitionBuilder*, const char*) {}
void TF_OpDefinitionBuilderAddOutput(TF_OpDefinitionBuilder*, const char*) {}
void TF_RegisterOpDefinition(TF_OpDefinitionBuilder*, TF_Status*) {}
TF_KernelBuilder* TF_NewKernelBuilder(const char* name, const char*, void* (*create)(TF_OpKernelConstruction*), void (*compute)(void*, TF_OpKernelContext*), void (*destroy)(void*)) {
  registered[name] = {create, compute, destroy};
  return &registered[name];
}
void TF_RegisterKernelBuilder(const char*, TF_KernelBuilder*, TF_Status*) {}
void TF_OpKernelConstruction_GetAttrInt32(TF_OpKernelConstruction* construction, const char* name, int32_t* value, TF_Status*) {
  *value = std::string(name) == "relu" ? construction->relu : construction->dilation;
}
void TF_OpKernelConstruction_GetAttrFloat(TF_OpKernelConstruction* construction, const char*, float* value, TF_Status*) { *value = construction->epsilon; }
void TF_OpKernelConstruction_Failure(TF_OpKernelConstruction*, TF_Status*) {}
void TF_GetInput(TF_OpKernelContext* context, int index, TF_Tensor** tensor, TF_Status*) { *tensor = new TF_Tensor{context->inputs.at(index)->shape, context->inputs.at(index)->data()}; }
TF_Tensor* TF_AllocateOutput(TF_OpKernelContext* context, int index, int, const int64_t* dims, int count, size_t, TF_Status*) {
  Buffer& buffer = context->outputs.emplace(index, Buffer(std::vector<int64_t>(dims, dims + count), false)).first->second;
  return new TF_Tensor{buffer.shape, buffer.data()};
}
void TF_OpKernelContext_Failure(TF_OpKernelContext* context, TF_Status* status) { context->failure = status->message; }
}

// ---- checks

std::mt19937 generator(1);
int64_t calls = 0, failures = 0;

Buffer randomBuffer(std::vector<int64_t> shape, float shift = 0) {
  Buffer buffer(std::move(shape), generator() % 2 == 0);
  for (int64_t i = 0; i < buffer.size(); i++) buffer.data()[i] = shift + static_cast<float>(generator() % 20001) / 10000.0f - 1.0f;
  return buffer;
}

TF_OpKernelContext call(const char* name, TF_OpKernelConstruction attributes, std::vector<const Buffer*> inputs) {
  const TF_KernelBuilder& kernel = registered.at(name);
  void* state = kernel.create(&attributes);
  TF_OpKernelContext context{std::move(inputs), {}, ""};
  kernel.compute(state, &context);
  kernel.destroy(state);
  calls++;
  return context;
}

void compare(const char* what, const std::vector<double>& expected, const Buffer& actual, double tolerance = 1e-5) {
  double largest = 1, error = 0;
  for (size_t i = 0; i < expected.size(); i++) {
    largest = std::max(largest, std::fabs(expected[i]));
    const double difference = std::fabs(expected[i] - actual.data()[i]);
    if (!(difference <= error)) error = difference;
  }
  if (static_cast<int64_t>(expected.size()) == actual.size() && error <= tolerance * largest) return;
  if (failures++ < 20) std::printf("%s: off by %g, largest value %g\n", what, error, largest);
}

// Calls visit(output, input, tap) for all pairs of positions in NHWC; taps are [k, k, channels].
template <typename Visit>
void visitTaps(int64_t n, Image image, int k, int dilation, Visit visit) {
  for (int64_t item = 0; item < n; item++)
    for (int i = 0; i < image.height; i++)
      for (int j = 0; j < image.width; j++)
        for (int a = 0; a < k; a++)
          for (int b = 0; b < k; b++) {
            const int row = i + (a - k / 2) * dilation, column = j + (b - k / 2) * dilation;
            if (row < 0 || row >= image.height || column < 0 || column >= image.width) continue;
            const int64_t output = ((item * image.height + i) * image.width + j) * image.channels;
            const int64_t input = ((item * image.height + row) * image.width + column) * image.channels;
            for (int c = 0; c < image.channels; c++) visit(output + c, input + c, static_cast<int64_t>(a * k + b) * image.channels + c);
          }
}

void checkDepthwise(const char* set, int64_t n, Image image, int k, int dilation, bool relu) {
  const std::vector<int64_t> shape = {n, image.height, image.width, image.channels}, filterShape = {k, k, image.channels, 1};
  const Buffer x = randomBuffer(shape), w = randomBuffer(filterShape), dy = randomBuffer(shape);
  const float *xs = x.data(), *ws = w.data(), *gs = dy.data();
  std::vector<double> y(x.size()), dx(x.size()), dw(w.size());
  visitTaps(n, image, k, dilation, [&](int64_t output, int64_t input, int64_t tap) {
    const double value = relu ? std::max(0.0f, xs[input]) : xs[input];
    y[output] += value * ws[tap];
    dw[tap] += value * gs[output];
    if (!relu || xs[input] > 0) dx[input] += static_cast<double>(gs[output]) * ws[tap];
  });
  char what[200];
  std::snprintf(what, sizeof what, "%s [%d, %d, %d, %d] filter %d, dilation %d, relu %d", set, static_cast<int>(n), image.height, image.width, image.channels, k, dilation, relu);
  const TF_OpKernelConstruction attributes = {dilation, relu ? 1 : 0, 0};
  compare(what, y, call("GhnDepthwise", attributes, {&x, &w}).outputs.at(0));
  compare(what, dx, call("GhnDepthwiseInputGradient", attributes, {&dy, &w, &x}).outputs.at(0));
  compare(what, dw, call("GhnDepthwiseFilterGradient", attributes, {&x, &dy, &w}).outputs.at(0));
}

void checkNorm(const char* set, int64_t n, Image image) {
  const std::vector<int64_t> shape = {n, image.height, image.width, image.channels};
  const int channels = image.channels;
  const int64_t rows = n * image.height * image.width;
  const double epsilon = 1e-3;
  const Buffer x = randomBuffer(shape, 2), dy = randomBuffer(shape), gamma = randomBuffer({channels}), beta = randomBuffer({channels});
  std::vector<double> mean(channels), variance(channels), unbiased(channels), y(x.size()), dx(x.size()), dgamma(channels), dbeta(channels);
  for (int64_t i = 0; i < x.size(); i++) mean[i % channels] += static_cast<double>(x.data()[i]) / rows;
  for (int64_t i = 0; i < x.size(); i++) variance[i % channels] += std::pow(x.data()[i] - mean[i % channels], 2) / rows;
  for (int c = 0; c < channels; c++) unbiased[c] = variance[c] * rows / std::max<int64_t>(1, rows - 1);
  const auto normalised = [&](int64_t i) { return (x.data()[i] - mean[i % channels]) / std::sqrt(variance[i % channels] + epsilon); };
  for (int64_t i = 0; i < x.size(); i++) {
    const int c = static_cast<int>(i % channels);
    y[i] = normalised(i) * gamma.data()[c] + beta.data()[c];
    dgamma[c] += dy.data()[i] * normalised(i);
    dbeta[c] += dy.data()[i];
  }
  for (int64_t i = 0; i < x.size(); i++) {
    const int c = static_cast<int>(i % channels);
    dx[i] = gamma.data()[c] / std::sqrt(variance[c] + epsilon) * (dy.data()[i] - dbeta[c] / rows - normalised(i) * dgamma[c] / rows);
  }
  char what[200];
  std::snprintf(what, sizeof what, "%s batch norm [%d, %d, %d, %d]", set, static_cast<int>(n), image.height, image.width, channels);
  const TF_OpKernelConstruction attributes = {1, 0, static_cast<float>(epsilon)};
  const TF_OpKernelContext forward = call("GhnBatchNorm", attributes, {&x, &gamma, &beta});
  compare(what, y, forward.outputs.at(0), 1e-4);
  compare(what, mean, forward.outputs.at(1));
  compare(what, unbiased, forward.outputs.at(2));
  const TF_OpKernelContext backward = call("GhnBatchNormGradient", attributes, {&dy, &x, &gamma, &forward.outputs.at(3), &forward.outputs.at(4)});
  // The gradient of few pixels is a difference of nearly equal numbers, divided by a small deviation.
  compare(what, dx, backward.outputs.at(0), 1e-3);
  compare(what, dgamma, backward.outputs.at(1), 1e-3);
  compare(what, dbeta, backward.outputs.at(2));
}

// Arguments that do not fit must be rejected, without reading or writing anything.
void checkRejection() {
  const Buffer x = randomBuffer({1, 3, 3, 4}), even = randomBuffer({2, 2, 4, 1}), other = randomBuffer({3, 3, 5, 1}), w = randomBuffer({3, 3, 4, 1}), small = randomBuffer({1, 2, 3, 4}), vector = randomBuffer({5});
  const TF_OpKernelConstruction attributes = {1, 1, 1e-3f};
  for (const TF_OpKernelContext& context : {call("GhnDepthwise", attributes, {&x, &even}), call("GhnDepthwise", attributes, {&x, &other}), call("GhnDepthwise", {0, 0, 0}, {&x, &w}),
                                            call("GhnDepthwise", attributes, {&vector, &w}), call("GhnDepthwiseInputGradient", attributes, {&x, &w, &small}),
                                            call("GhnDepthwiseFilterGradient", attributes, {&x, &small, &w}), call("GhnBatchNorm", attributes, {&x, &vector, &vector}),
                                            call("GhnBatchNormGradient", attributes, {&x, &small, &vector, &vector, &vector})}) {
    if (!context.failure.empty() && context.outputs.empty()) continue;
    failures++;
    std::printf("arguments that do not fit were accepted\n");
  }
}

// The same calls with two instruction sets must return the same bits.
void checkBits(const Arithmetic& first, const Arithmetic& second, int64_t n, Image image) {
  const int64_t size = n * image.size();
  const Buffer x = randomBuffer({size}), dy = randomBuffer({size}), w = randomBuffer({49 * image.channels}), gamma = randomBuffer({image.channels}), beta = randomBuffer({image.channels});
  const auto results = [&](const Arithmetic& arithmetic) {
    std::vector<float> all;
    const auto keep = [&all](const std::vector<float>& values) { all.insert(all.end(), values.begin(), values.end()); };
    for (int k = 3; k <= 7; k += 2) {
      const Convolution convolution = {k, 1 + k % 2, true};
      std::vector<float> y(size), dw(k * k * image.channels);
      arithmetic.convolve(x.data(), w.data(), n, image, convolution, false, nullptr, y.data());
      keep(y);
      arithmetic.convolve(dy.data(), w.data(), n, image, {k, 1, false}, true, x.data(), y.data());
      keep(y);
      arithmetic.filterGradient(x.data(), dy.data(), n, image, convolution, dw.data());
      keep(dw);
    }
    std::vector<float> y(size), mean(image.channels), variance(image.channels), saved(image.channels), inverse(image.channels), dgamma(image.channels), dbeta(image.channels);
    const int64_t rows = size / image.channels;
    arithmetic.batchNorm({rows, image.channels, 1e-3f, x.data(), gamma.data(), beta.data(), y.data(), mean.data(), variance.data(), saved.data(), inverse.data()});
    for (const std::vector<float>& values : {y, mean, variance, saved, inverse}) keep(values);
    arithmetic.batchNormGradient({rows, image.channels, dy.data(), x.data(), gamma.data(), mean.data(), inverse.data(), y.data(), dgamma.data(), dbeta.data()});
    for (const std::vector<float>& values : {y, dgamma, dbeta}) keep(values);
    return all;
  };
  const std::vector<float> a = results(first), b = results(second);
  calls++;
  if (a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0) return;
  if (failures++ < 20) std::printf("%s and %s differ for [%d, %d, %d, %d]\n", first.name, second.name, static_cast<int>(n), image.height, image.width, image.channels);
}

int main(int count, char** arguments) {
  const int greatest = count > 1 ? std::atoi(arguments[1]) : 70;
  std::string done;
  for (int a = 2; a < count; a++) {
    setenv("GHN_KERNELS", arguments[a], 1);
    arithmetic = nullptr;
    napi_register_module_v1(nullptr, nullptr);
    if (arithmetic == nullptr) continue;
    done += std::string(" ") + arithmetic->name;
    for (int channels = 1; channels <= greatest; channels++) {
      std::vector<Image> images = {{1, 1, channels}, {1 + channels * 7 % 33, 1 + channels * 11 % 33, channels}};
      if (channels % 23 == 1) images.insert(images.end(), {{33, 33, channels}, {1, 33, channels}, {33, 1, channels}, {8, 9, channels}});
      for (const Image& image : images) {
        const int64_t n = channels % 5 == 0 ? 17 : 1;
        const Image smaller = n > 1 ? Image{(image.height + 3) / 4, (image.width + 3) / 4, channels} : image;
        checkNorm(arithmetic->name, n, smaller);
        for (int k = 3; k <= 7; k += 2)
          for (int dilation = 1; dilation <= 3; dilation++) checkDepthwise(arithmetic->name, n, smaller, k, dilation, (channels + k + dilation) % 2 == 0);
      }
    }
    checkRejection();
  }
#if defined(__x86_64__)
  if (done.find("avx512") != std::string::npos)
    for (int channels = 1; channels <= greatest; channels++) checkBits(avx2::ARITHMETIC, avx512::ARITHMETIC, 1 + channels % 3, {1 + channels * 5 % 19, 1 + channels * 3 % 17, channels});
#endif
  std::printf("%lld calls, %lld failures:%s\n", static_cast<long long>(calls), static_cast<long long>(failures), done.c_str());
  return failures == 0 ? 0 : 1;
}
