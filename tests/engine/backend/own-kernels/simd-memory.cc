// Runs the SIMD kernels of the wasm backend as native code, on buffers of exactly the right size, over odd shapes. WebAssembly cannot notice accesses outside of buffers inside its memory;
// compiled with AddressSanitizer and UndefinedBehaviorSanitizer, this does. Values are checked by simd.test.ts. memory.test.ts compiles and runs this file.
//
// Argument: the greatest number of channels.

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "../../../../src-main/engine/backend/wasm/simd-kernels.cc"

long calls = 0;

// A buffer of floats or doubles without any slack.
template <typename T>
struct Exact {
  T* data;
  explicit Exact(int size) : data(static_cast<T*>(std::malloc(size * sizeof(T)))) {
    for (int i = 0; i < size; i++) data[i] = static_cast<T>((i * 37 + size * 11) % 41 - 20) / 10;
  }
  Exact(const Exact&) = delete;
  ~Exact() { std::free(data); }
  operator T*() const { return data; }
};

void checkDepthwise(int n, Image image, int k, int dilation) {
  const int size = n * image.size(), vectors = (image.height + (k - 1) * dilation) * (image.width + (k - 1) * dilation);
  const Exact<float> x(size), dy(size), y(size), w(k * k * image.channels), packed(4 * vectors);
  const Exact<double> sums(k * k * image.channels);
  V4* memory = reinterpret_cast<V4*>(static_cast<float*>(packed));
  for (int relu = 0; relu < 2; relu++) {
    ghn_depthwise(x, w, y, nullptr, memory, n, image.height, image.width, image.channels, k, dilation, relu, 0);
    ghn_depthwise(dy, w, y, relu != 0 ? static_cast<float*>(x) : nullptr, memory, n, image.height, image.width, image.channels, k, dilation, 0, 1);
    ghn_depthwise_filter_gradient(x, dy, sums, memory, n, image.height, image.width, image.channels, k, dilation, relu);
    calls += 3;
  }
}

void checkNorm(int n, Image image) {
  const int pixels = n * image.height * image.width, channels = image.channels;
  const Exact<float> x(pixels * channels), dy(pixels * channels), y(pixels * channels), mean(channels), factor(channels), shift(channels), other(channels);
  const Exact<double> sums(channels), products(channels);
  ghn_channel_sums(x, nullptr, sums, pixels, channels);
  ghn_channel_sums(x, mean, sums, pixels, channels);
  ghn_normalise(x, y, mean, factor, shift, pixels, channels);
  ghn_normalise_sums(dy, x, mean, factor, sums, products, pixels, channels);
  ghn_normalise_gradient(dy, x, y, mean, factor, shift, other, pixels, channels);
  ghn_relu_gradient(dy, x, y, pixels * channels);
  const int outputs = 1 + channels % 7;
  const Exact<float> wide(pixels * outputs);
  const Exact<double> products2(channels * outputs);
  ghn_outer_sums(x, wide, products2, pixels, channels, outputs);
  calls += 7;
}

void checkMaxPool(int n, Image image, int k, int stride) {
  const auto before = [&](int side) {
    const int padding = ((side + stride - 1) / stride - 1) * stride + k - side;
    return padding > 0 ? padding / 2 : 0;
  };
  const int rows = (image.height + stride - 1) / stride, columns = (image.width + stride - 1) / stride;
  const Exact<float> x(n * image.size()), dx(n * image.size()), y(n * rows * columns * image.channels), dy(n * rows * columns * image.channels);
  ghn_max_pool_gradient(dy, x, y, dx, n, image.height, image.width, image.channels, rows, columns, k, stride, before(image.height), before(image.width));
  calls++;
}

int main(int count, char** arguments) {
  const int greatest = count > 1 ? std::atoi(arguments[1]) : 70;
  for (int channels = 1; channels <= greatest; channels++) {
    std::vector<Image> images = {{1, 1, channels}, {1 + channels * 7 % 33, 1 + channels * 11 % 33, channels}};
    if (channels % 23 == 1) images.insert(images.end(), {{33, 33, channels}, {1, 33, channels}, {33, 1, channels}});
    for (const Image& image : images) {
      const int n = channels % 5 == 0 ? 3 : 1;
      checkNorm(n, image);
      for (int k = 3; k <= 7; k += 2)
        for (int dilation = 1; dilation <= 3; dilation++) checkDepthwise(n, image, k, dilation);
      for (int k = 2; k <= 5; k++)
        for (int stride = 1; stride <= 3; stride++) checkMaxPool(n, image, k, stride);
    }
  }
  std::printf("%ld calls, 0 failures\n", calls);
  return 0;
}
