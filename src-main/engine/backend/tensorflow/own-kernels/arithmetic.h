// The types that all instruction sets share: shapes, settings, and the table of functions that each of them provides.
#pragma once

#include <cstdint>

// One image of a batch in NHWC.
struct Image {
  int height, width, channels;
  int64_t size() const { return static_cast<int64_t>(height) * width * channels; }
};

// A depthwise convolution with a k × k filter, stride 1 and SAME padding.
struct Convolution {
  int k;  // 3, 5 or 7
  int dilation;
  bool relu;  // Of max(x, 0).
};

// Arrays of batch norm over `rows` pixels of `channels` channels.
struct NormForward {
  int64_t rows;
  int channels;
  float epsilon;
  const float *x, *gamma, *beta;
  float *y, *mean, *variance, *saved, *inverse;
};
struct NormBackward {
  int64_t rows;
  int channels;
  const float *dy, *x, *gamma, *mean, *inverse;
  float *dx, *dgamma, *dbeta;
};

// The kernels, compiled for one instruction set.
struct Arithmetic {
  const char* name;
  // y = convolution of x [n, height, width, channels] with w [k, k, channels]. `flip` rotates the filter by 180°. With a mask, y = 0 wherever the mask is not positive.
  void (*convolve)(const float* x, const float* w, int64_t n, Image image, Convolution convolution, bool flip, const float* mask, float* y);
  // dw [k, k, channels] = gradient of the convolution with respect to its filter.
  void (*filterGradient)(const float* x, const float* dy, int64_t n, Image image, Convolution convolution, float* dw);
  void (*batchNorm)(const NormForward& norm);
  void (*batchNormGradient)(const NormBackward& norm);
};
