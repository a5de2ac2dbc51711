// Depthwise convolutions and batch norm on the CPU, registered with TensorFlow as operations of their own through its C interface.
//
// TensorFlow's and oneDNN's kernels for these are made for many channels. Cells of a search have few (8 to 32), and then most of the time goes into moving data: here ReLU is applied
// while reading, dilation costs nothing, and batch norm runs through memory twice forward and twice backward. Results do not depend on the number of threads: sums over images are taken in
// parts of fixed size, and the parts are added in order.
//
// Compiled by the set-up without any header of TensorFlow: the few functions of its C interface are declared below.

#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

extern "C" {
struct TF_Status;
struct TF_Tensor;
struct TF_OpDefinitionBuilder;
struct TF_KernelBuilder;
struct TF_OpKernelConstruction;
struct TF_OpKernelContext;
TF_Status* TF_NewStatus();
void TF_DeleteStatus(TF_Status*);
void TF_SetStatus(TF_Status*, int, const char*);
int TF_GetCode(const TF_Status*);
void* TF_TensorData(const TF_Tensor*);
int TF_NumDims(const TF_Tensor*);
int64_t TF_Dim(const TF_Tensor*, int);
void TF_DeleteTensor(TF_Tensor*);
TF_OpDefinitionBuilder* TF_NewOpDefinitionBuilder(const char*);
void TF_OpDefinitionBuilderAddAttr(TF_OpDefinitionBuilder*, const char*);
void TF_OpDefinitionBuilderAddInput(TF_OpDefinitionBuilder*, const char*);
void TF_OpDefinitionBuilderAddOutput(TF_OpDefinitionBuilder*, const char*);
void TF_RegisterOpDefinition(TF_OpDefinitionBuilder*, TF_Status*);
TF_KernelBuilder* TF_NewKernelBuilder(const char*, const char*, void* (*)(TF_OpKernelConstruction*), void (*)(void*, TF_OpKernelContext*), void (*)(void*));
void TF_RegisterKernelBuilder(const char*, TF_KernelBuilder*, TF_Status*);
void TF_OpKernelConstruction_GetAttrInt32(TF_OpKernelConstruction*, const char*, int32_t*, TF_Status*);
void TF_OpKernelConstruction_GetAttrFloat(TF_OpKernelConstruction*, const char*, float*, TF_Status*);
void TF_OpKernelConstruction_Failure(TF_OpKernelConstruction*, TF_Status*);
void TF_GetInput(TF_OpKernelContext*, int, TF_Tensor**, TF_Status*);
TF_Tensor* TF_AllocateOutput(TF_OpKernelContext*, int, int, const int64_t*, int, size_t, TF_Status*);
void TF_OpKernelContext_Failure(TF_OpKernelContext*, TF_Status*);
}

namespace {

constexpr int FLOAT = 1;
constexpr int INVALID_ARGUMENT = 3;

// ---- threads

// Runs numbered tasks on a few threads that wait in between. One user at a time: TensorFlow's eager kernels run one after the other.
class Pool {
 public:
  static Pool& instance() {
    static Pool* pool = new Pool();  // Never destroyed: its threads wait until the process ends.
    return *pool;
  }

  // work: a rough number of operations in all; little work stays on this thread.
  void run(int tasks, double work, const std::function<void(int)>& task) {
    if (tasks <= 1 || threads_ <= 1 || work < 60000) {
      for (int i = 0; i < tasks; i++) task(i);
      return;
    }
    std::lock_guard<std::mutex> user(user_);
    start();
    {
      std::lock_guard<std::mutex> lock(mutex_);
      task_ = &task;
      tasks_ = tasks;
      next_.store(0);
      open_ = true;
      round_++;
    }
    wake_.notify_all();
    take();
    // A thread that has not woken up yet finds the round closed: on a busy machine nobody waits for it.
    std::unique_lock<std::mutex> lock(mutex_);
    open_ = false;
    done_.wait(lock, [this] { return active_ == 0; });
    task_ = nullptr;
  }

 private:
  Pool() {
    const char* wanted = std::getenv("TF_NUM_INTRAOP_THREADS");
    int count = wanted == nullptr ? 0 : std::atoi(wanted);
    if (count <= 0) count = static_cast<int>(std::thread::hardware_concurrency());
    threads_ = std::max(1, std::min(count, 64));
  }

  void start() {
    for (; workers_ + 1 < threads_; workers_++) std::thread([this] { loop(); }).detach();
  }

  void take() {
    for (int i = next_.fetch_add(1); i < tasks_; i = next_.fetch_add(1)) (*task_)(i);
  }

  void loop() {
    uint64_t seen = 0;
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      wake_.wait(lock, [&] { return open_ && round_ != seen; });
      seen = round_;
      active_++;
      lock.unlock();
      take();
      lock.lock();
      if (--active_ == 0) done_.notify_one();
    }
  }

  std::mutex user_, mutex_;
  std::condition_variable wake_, done_;
  const std::function<void(int)>* task_ = nullptr;
  std::atomic<int> next_{0};
  int tasks_ = 0, active_ = 0, workers_ = 0, threads_ = 1;
  bool open_ = false;
  uint64_t round_ = 0;
};

// ---- arithmetic on a few channels at once

typedef float V8 __attribute__((vector_size(32)));

// FULL: all eight channels are there, as the caller knows while compiling.
template <bool FULL>
inline V8 load(const float* p, int count) {
  V8 v = {};
  if (FULL) {
    std::memcpy(&v, p, 32);
  } else {
    float t[8] = {};
    for (int i = 0; i < count; i++) t[i] = p[i];
    std::memcpy(&v, t, 32);
  }
  return v;
}

template <bool FULL>
inline void store(float* p, V8 v, int count) {
  if (FULL) {
    std::memcpy(p, &v, 32);
  } else {
    float t[8];
    std::memcpy(t, &v, 32);
    for (int i = 0; i < count; i++) p[i] = t[i];
  }
}

inline V8 positive(V8 v) {
  const V8 zero = {};
  return v > zero ? v : zero;
}

struct Image {
  int height, width, channels;
};

// Channels [from, from + count) of one image into a block with a border of zeros: [(height + 2 border) · (width + 2 border)] vectors.
template <bool RELU, bool FULL>
void pad(const float* x, Image image, int from, int count, int border, V8* out) {
  const int wide = image.width + 2 * border;
  const V8 zero = {};
  std::fill(out, out + border * wide, zero);
  for (int i = 0; i < image.height; i++) {
    V8* row = out + (i + border) * wide;
    std::fill(row, row + border, zero);
    const float* in = x + static_cast<int64_t>(i) * image.width * image.channels + from;
    for (int j = 0; j < image.width; j++, in += image.channels) {
      const V8 v = load<FULL>(in, count);
      row[border + j] = RELU ? positive(v) : v;
    }
    std::fill(row + border + image.width, row + wide, zero);
  }
  std::fill(out + (image.height + border) * wide, out + (image.height + 2 * border) * wide, zero);
}

// Output row positions [j, j + TILE) from the padded block; taps in row order.
template <int K, int TILE>
inline void tile(const V8* in, int wide, int dilation, const V8* w, V8* out) {
  V8 sum[TILE] = {};
  for (int a = 0; a < K; a++) {
    const V8* row = in + a * dilation * wide;
    for (int b = 0; b < K; b++) {
      const V8 tap = w[a * K + b];
      for (int t = 0; t < TILE; t++) sum[t] += row[b * dilation + t] * tap;
    }
  }
  for (int t = 0; t < TILE; t++) out[t] = sum[t];
}

// MASK: the result is zero wherever the mask is not positive.
template <int K, bool FULL, bool MASK>
void convolveBlock(const V8* in, const V8* w, Image image, int dilation, int from, int count, const float* mask, float* y) {
  const int wide = image.width + (K - 1) * dilation;
  V8 out[8];
  const V8 zero = {};
  for (int i = 0; i < image.height; i++) {
    for (int j = 0; j < image.width;) {
      const int length = image.width - j >= 8 ? 8 : 1;
      const V8* start = in + i * wide + j;
      if (length == 8)
        tile<K, 8>(start, wide, dilation, w, out);
      else
        tile<K, 1>(start, wide, dilation, w, out);
      for (int t = 0; t < length; t++, j++) {
        const int64_t at = (static_cast<int64_t>(i) * image.width + j) * image.channels + from;
        store<FULL>(y + at, MASK ? (load<FULL>(mask + at, count) > zero ? out[t] : zero) : out[t], count);
      }
    }
  }
}

// sums[K · K] += over the image, in * dy shifted by each tap.
template <int K, bool FULL>
void filterBlock(const V8* in, const float* dy, Image image, int dilation, int from, int count, V8* sums) {
  const int wide = image.width + (K - 1) * dilation;
  for (int a = 0; a < K; a++) {
    V8 even[K] = {}, odd[K] = {};
    for (int i = 0; i < image.height; i++) {
      const V8* row = in + (i + a * dilation) * wide;
      const float* gradient = dy + static_cast<int64_t>(i) * image.width * image.channels + from;
      int j = 0;
      for (; j + 1 < image.width; j += 2) {
        const V8 g0 = load<FULL>(gradient + static_cast<int64_t>(j) * image.channels, count);
        const V8 g1 = load<FULL>(gradient + static_cast<int64_t>(j + 1) * image.channels, count);
        for (int b = 0; b < K; b++) {
          even[b] += row[j + b * dilation] * g0;
          odd[b] += row[j + 1 + b * dilation] * g1;
        }
      }
      if (j < image.width) {
        const V8 g = load<FULL>(gradient + static_cast<int64_t>(j) * image.channels, count);
        for (int b = 0; b < K; b++) even[b] += row[j + b * dilation] * g;
      }
    }
    for (int b = 0; b < K; b++) sums[a * K + b] += even[b] + odd[b];
  }
}

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

// Inputs and outputs of one call; says what is wrong and frees all at its end.
class Call {
 public:
  Call(TF_OpKernelContext* context, int inputs) : context_(context), status_(TF_NewStatus()) {
    for (int i = 0; i < inputs && ok(); i++) {
      TF_Tensor* tensor = nullptr;
      TF_GetInput(context, i, &tensor, status_);
      if (ok()) tensors_.push_back(tensor);
    }
  }
  ~Call() {
    if (!ok()) TF_OpKernelContext_Failure(context_, status_);
    for (TF_Tensor* tensor : tensors_) TF_DeleteTensor(tensor);
    TF_DeleteStatus(status_);
  }
  bool ok() const { return TF_GetCode(status_) == 0; }
  bool require(bool fine, const char* what) {
    if (!fine && ok()) TF_SetStatus(status_, INVALID_ARGUMENT, what);
    return ok();
  }
  int rank(int i) const { return TF_NumDims(tensors_[i]); }
  int64_t dim(int i, int axis) const { return TF_Dim(tensors_[i], axis); }
  int64_t size(int i) const {
    int64_t product = 1;
    for (int axis = 0; axis < rank(i); axis++) product *= dim(i, axis);
    return product;
  }
  const float* data(int i) const { return static_cast<const float*>(TF_TensorData(tensors_[i])); }
  // An output of the shape of an input.
  float* like(int output, int input) {
    std::vector<int64_t> shape;
    for (int axis = 0; axis < rank(input); axis++) shape.push_back(dim(input, axis));
    TF_Tensor* tensor = TF_AllocateOutput(context_, output, FLOAT, shape.data(), static_cast<int>(shape.size()), size(input) * sizeof(float), status_);
    if (!ok()) return nullptr;
    tensors_.push_back(tensor);
    return static_cast<float*>(TF_TensorData(tensor));
  }

 private:
  TF_OpKernelContext* context_;
  TF_Status* status_;
  std::vector<TF_Tensor*> tensors_;
};

// A buffer of this thread that grows as needed and stays.
V8* block(Image image, int border) {
  static thread_local V8* buffer = nullptr;
  static thread_local size_t room = 0;
  const size_t wanted = static_cast<size_t>(image.height + 2 * border) * (image.width + 2 * border);
  if (room < wanted) {
    std::free(buffer);
    buffer = static_cast<V8*>(std::aligned_alloc(sizeof(V8), wanted * sizeof(V8)));
    if (buffer == nullptr) std::abort();
    room = wanted;
  }
  return buffer;
}

void padded(const float* x, Image image, int from, int count, int border, bool relu, V8* out) {
  const auto run = count == 8 ? (relu ? pad<true, true> : pad<false, true>) : (relu ? pad<true, false> : pad<false, false>);
  run(x, image, from, count, border, out);
}

template <int K>
void convolve(const float* x, const float* w, int64_t n, Image image, Settings settings, bool flip, const float* mask, float* y) {
  const int border = (K / 2) * settings.dilation;
  const int64_t size = static_cast<int64_t>(image.height) * image.width * image.channels;
  const bool relu = settings.relu != 0 && mask == nullptr;
  Pool::instance().run(static_cast<int>(n), static_cast<double>(n) * size * K * K, [&](int item) {
    V8* in = block(image, border);
    V8 taps[K * K];
    for (int from = 0; from < image.channels; from += 8) {
      const int count = std::min(8, image.channels - from);
      const auto tapsFrom = count == 8 ? load<true> : load<false>;
      for (int t = 0; t < K * K; t++) taps[t] = tapsFrom(w + static_cast<int64_t>(flip ? K * K - 1 - t : t) * image.channels + from, count);
      padded(x + item * size, image, from, count, border, relu, in);
      const auto run = count == 8 ? (mask == nullptr ? convolveBlock<K, true, false> : convolveBlock<K, true, true>)
                                  : (mask == nullptr ? convolveBlock<K, false, false> : convolveBlock<K, false, true>);
      run(in, taps, image, settings.dilation, from, count, mask == nullptr ? nullptr : mask + item * size, y + item * size);
    }
  });
}

template <int K>
void filterGradient(const float* x, const float* dy, int64_t n, Image image, Settings settings, float* dw) {
  const int border = (K / 2) * settings.dilation;
  const int64_t size = static_cast<int64_t>(image.height) * image.width * image.channels;
  const int blocks = (image.channels + 7) / 8;
  const int parts = static_cast<int>(std::min<int64_t>(n, 16));
  const int width = blocks * 8;
  std::vector<float> sums(static_cast<size_t>(parts) * K * K * width, 0.0f);
  Pool::instance().run(parts, static_cast<double>(n) * size * K * K, [&](int part) {
    V8* in = block(image, border);
    for (int b = 0; b < blocks; b++) {
      const int from = 8 * b;
      const int count = std::min(8, image.channels - from);
      V8 sum[K * K] = {};
      for (int64_t item = n * part / parts; item < n * (part + 1) / parts; item++) {
        padded(x + item * size, image, from, count, border, settings.relu != 0, in);
        (count == 8 ? filterBlock<K, true> : filterBlock<K, false>)(in, dy + item * size, image, settings.dilation, from, count, sum);
      }
      for (int t = 0; t < K * K; t++) store<true>(&sums[(static_cast<size_t>(part) * K * K + t) * width + from], sum[t], 8);
    }
  });
  for (int t = 0; t < K * K; t++) {
    for (int c = 0; c < image.channels; c++) {
      float sum = 0;
      for (int part = 0; part < parts; part++) sum += sums[(static_cast<size_t>(part) * K * K + t) * width + c];
      dw[static_cast<int64_t>(t) * image.channels + c] = sum;
    }
  }
}

Image imageOf(const Call& call, int input) {
  return {static_cast<int>(call.dim(input, 1)), static_cast<int>(call.dim(input, 2)), static_cast<int>(call.dim(input, 3))};
}

bool sameShape(const Call& call, int a, int b) {
  if (call.rank(a) != call.rank(b)) return false;
  for (int axis = 0; axis < call.rank(a); axis++)
    if (call.dim(a, axis) != call.dim(b, axis)) return false;
  return true;
}

// Input `image` is [n, h, w, c], input `filter` [k, k, c, 1] with k 3, 5 or 7.
bool checkConvolution(Call& call, int image, int filter, const Settings& settings) {
  if (!call.ok()) return false;
  if (!call.require(call.rank(image) == 4 && call.rank(filter) == 4, "depthwise: images and filters have four dimensions")) return false;
  const int64_t k = call.dim(filter, 0);
  return call.require((k == 3 || k == 5 || k == 7) && call.dim(filter, 1) == k && call.dim(filter, 2) == call.dim(image, 3) && call.dim(filter, 3) == 1 && settings.dilation >= 1,
                      "depthwise: the filter must be [k, k, channels, 1] with k 3, 5 or 7");
}

// x, w -> y
void depthwise(void* kernel, TF_OpKernelContext* context) {
  const Settings settings = *static_cast<Settings*>(kernel);
  Call call(context, 2);
  if (!checkConvolution(call, 0, 1, settings)) return;
  float* y = call.like(0, 0);
  if (y == nullptr) return;
  const auto run = call.dim(1, 0) == 3 ? convolve<3> : call.dim(1, 0) == 5 ? convolve<5> : convolve<7>;
  run(call.data(0), call.data(1), call.dim(0, 0), imageOf(call, 0), settings, false, nullptr, y);
}

// dy, w, x -> dx
void depthwiseInputGradient(void* kernel, TF_OpKernelContext* context) {
  const Settings settings = *static_cast<Settings*>(kernel);
  Call call(context, 3);
  if (!checkConvolution(call, 0, 1, settings) || !call.require(settings.relu == 0 || sameShape(call, 0, 2), "depthwise: x and dy differ in shape")) return;
  float* dx = call.like(0, 0);
  if (dx == nullptr) return;
  const auto run = call.dim(1, 0) == 3 ? convolve<3> : call.dim(1, 0) == 5 ? convolve<5> : convolve<7>;
  Settings plain = settings;
  plain.relu = 0;
  run(call.data(0), call.data(1), call.dim(0, 0), imageOf(call, 0), plain, true, settings.relu != 0 ? call.data(2) : nullptr, dx);
}

// x, dy, w (for its shape) -> dw
void depthwiseFilterGradient(void* kernel, TF_OpKernelContext* context) {
  const Settings settings = *static_cast<Settings*>(kernel);
  Call call(context, 3);
  if (!checkConvolution(call, 0, 2, settings) || !call.require(sameShape(call, 0, 1), "depthwise: x and dy differ in shape")) return;
  float* dw = call.like(0, 2);
  if (dw == nullptr) return;
  const auto run = call.dim(2, 0) == 3 ? filterGradient<3> : call.dim(2, 0) == 5 ? filterGradient<5> : filterGradient<7>;
  run(call.data(0), call.data(1), call.dim(0, 0), imageOf(call, 0), settings, dw);
}

// ---- batch norm

// Adds up rows [from, to) of a [rows, channels] matrix in groups of 64 rows: floats inside a group, doubles across.
template <typename Row>
void sumRows(int64_t from, int64_t to, int channels, int sums, std::vector<double>& total, Row row) {
  std::vector<float> part(static_cast<size_t>(sums) * channels);
  for (int64_t start = from; start < to; start += 64) {
    std::fill(part.begin(), part.end(), 0.0f);
    for (int64_t i = start; i < std::min(to, start + 64); i++) row(i, part.data());
    for (size_t k = 0; k < part.size(); k++) total[k] += part[k];
  }
}

constexpr int64_t ROWS = 512;

// Sums over all rows, in parts of fixed size, added in order.
template <typename Row>
std::vector<double> sumAll(int64_t rows, int channels, int sums, Row row) {
  const int parts = static_cast<int>((rows + ROWS - 1) / ROWS);
  std::vector<std::vector<double>> totals(parts, std::vector<double>(static_cast<size_t>(sums) * channels, 0.0));
  Pool::instance().run(parts, static_cast<double>(rows) * channels * 2, [&](int part) {
    sumRows(part * ROWS, std::min(rows, (part + 1) * ROWS), channels, sums, totals[part], row);
  });
  std::vector<double> total(static_cast<size_t>(sums) * channels, 0.0);
  for (const std::vector<double>& part : totals)
    for (size_t k = 0; k < total.size(); k++) total[k] += part[k];
  return total;
}

// How many pixels are taken as one row, so that rows are long enough for vectors.
int pixelsPerRow(int64_t pixels, int channels) {
  int count = 1;
  while (count * channels < 64 && pixels % (2 * count) == 0) count *= 2;
  return count;
}

// Values of channels, repeated for each pixel of a row.
std::vector<float> repeated(const float* values, int channels, int count) {
  std::vector<float> all;
  for (int i = 0; i < count; i++) all.insert(all.end(), values, values + channels);
  return all;
}

// Sums over all pixels from those over rows: the first `channels` values, then the second.
std::vector<double> folded(const std::vector<double>& sums, int channels, int count) {
  std::vector<double> result(2 * static_cast<size_t>(channels), 0.0);
  for (size_t k = 0; k < sums.size(); k++) result[(k / (static_cast<size_t>(channels) * count)) * channels + k % channels] += sums[k];
  return result;
}

template <typename Row>
void everyRow(int64_t rows, int channels, Row row) {
  const int parts = static_cast<int>((rows + ROWS - 1) / ROWS);
  Pool::instance().run(parts, static_cast<double>(rows) * channels * 2, [&](int part) {
    for (int64_t i = part * ROWS; i < std::min(rows, (part + 1) * ROWS); i++) row(i);
  });
}

// x, gamma, beta -> y, mean, unbiased variance, and for the gradient mean and 1 / deviation. Moments are taken around the first row, so that a large mean costs no precision.
void batchNorm(void* kernel, TF_OpKernelContext* context) {
  const float epsilon = static_cast<Settings*>(kernel)->epsilon;
  Call call(context, 3);
  if (!call.ok()) return;
  const int last = call.rank(0) - 1;
  if (!call.require(last == 3 && call.size(1) == call.dim(0, last) && call.size(2) == call.dim(0, last) && call.size(0) > 0, "batch norm: shapes do not fit")) return;
  const int channels = static_cast<int>(call.dim(0, last));
  const int64_t rows = call.size(0) / channels;
  const float *x = call.data(0), *gamma = call.data(1), *beta = call.data(2);
  float *y = call.like(0, 0), *mean = call.like(1, 1), *variance = call.like(2, 1), *saved = call.like(3, 1), *inverse = call.like(4, 1);
  if (!call.ok()) return;
  const int pixels = pixelsPerRow(rows, channels);
  const int width = channels * pixels;
  const std::vector<float> origin = repeated(x, channels, pixels);
  const float* o = origin.data();
  const std::vector<double> sums = folded(sumAll(rows / pixels, width, 2, [=](int64_t i, float* part) {
    const float* row = x + i * width;
    for (int c = 0; c < width; c++) {
      const float d = row[c] - o[c];
      part[c] += d;
      part[width + c] += d * d;
    }
  }), channels, pixels);
  std::vector<float> factor(channels);
  for (int c = 0; c < channels; c++) {
    const double m = sums[c] / rows;
    const double v = std::max(0.0, sums[channels + c] / rows - m * m);
    mean[c] = saved[c] = static_cast<float>(x[c] + m);
    variance[c] = static_cast<float>(v * rows / std::max<int64_t>(1, rows - 1));
    inverse[c] = static_cast<float>(1.0 / std::sqrt(v + epsilon));
    factor[c] = gamma[c] * inverse[c];
  }
  const std::vector<float> means = repeated(mean, channels, pixels), factors = repeated(factor.data(), channels, pixels), shifts = repeated(beta, channels, pixels);
  const float *m = means.data(), *f = factors.data(), *s = shifts.data();
  everyRow(rows / pixels, width, [=](int64_t i) {
    const float* in = x + i * width;
    float* out = y + i * width;
    for (int c = 0; c < width; c++) out[c] = (in[c] - m[c]) * f[c] + s[c];
  });
}

// dy, x, gamma, mean, 1 / deviation -> dx, dgamma, dbeta
void batchNormGradient(void*, TF_OpKernelContext* context) {
  Call call(context, 5);
  if (!call.ok() || !call.require(call.rank(1) == 4 && sameShape(call, 0, 1), "batch norm: shapes do not fit")) return;
  const int channels = static_cast<int>(call.dim(1, 3));
  for (int i = 2; i < 5; i++)
    if (!call.require(call.size(i) == channels, "batch norm: shapes do not fit")) return;
  const int64_t rows = call.size(1) / channels;
  const float *dy = call.data(0), *x = call.data(1), *gamma = call.data(2), *mean = call.data(3), *inverse = call.data(4);
  float *dx = call.like(0, 1), *dgamma = call.like(1, 2), *dbeta = call.like(2, 2);
  if (!call.ok()) return;
  const int pixels = pixelsPerRow(rows, channels);
  const int width = channels * pixels;
  const std::vector<float> means = repeated(mean, channels, pixels);
  const float* m = means.data();
  const std::vector<double> sums = folded(sumAll(rows / pixels, width, 2, [=](int64_t i, float* part) {
    const float *g = dy + i * width, *row = x + i * width;
    for (int c = 0; c < width; c++) {
      part[c] += g[c];
      part[width + c] += g[c] * (row[c] - m[c]);
    }
  }), channels, pixels);
  std::vector<float> factor(channels), first(channels), second(channels);
  for (int c = 0; c < channels; c++) {
    dbeta[c] = static_cast<float>(sums[c]);
    dgamma[c] = static_cast<float>(sums[channels + c] * inverse[c]);
    factor[c] = gamma[c] * inverse[c];
    first[c] = static_cast<float>(sums[c] / rows);
    second[c] = static_cast<float>(sums[channels + c] / rows * inverse[c] * inverse[c]);
  }
  const std::vector<float> factors = repeated(factor.data(), channels, pixels), firsts = repeated(first.data(), channels, pixels),
                           seconds = repeated(second.data(), channels, pixels);
  const float *f = factors.data(), *a = firsts.data(), *b = seconds.data();
  everyRow(rows / pixels, width, [=](int64_t i) {
    const float *g = dy + i * width, *row = x + i * width;
    float* out = dx + i * width;
    for (int c = 0; c < width; c++) out[c] = f[c] * (g[c] - a[c] - (row[c] - m[c]) * b[c]);
  });
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
  // What could not be registered is missed by the trial that follows, and TensorFlow's own kernel is taken.
  TF_DeleteStatus(status);
}

bool processorSuffices() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return true;
#endif
}

}  // namespace

// Node calls this when it loads the file; there is nothing to export.
extern "C" void* napi_register_module_v1(void*, void* exports) {
  static bool done = false;
  if (done || !processorSuffices()) return exports;
  done = true;
#if defined(__GLIBC__)
  // Tensors of a step are of the same few sizes as those of the step before. By default their memory goes back to the system each time, and every page of it faults anew.
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
