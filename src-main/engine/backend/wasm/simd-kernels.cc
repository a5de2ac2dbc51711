// Kernels of the wasm backend in WebAssembly SIMD, where tfjs has no kernel or a slow one: dilated depthwise convolutions and their gradients, batch norm, gradients of 1 × 1 filters, ReLU
// and max pooling. Compiled into simd-module.ts by `npm run build:simd`. Images are float32 in NHWC; four channels form a vector. Sums over a batch are computed in double precision.
// No library is linked and nothing allocates memory: the caller passes all addresses.
#include <stdint.h>

typedef float V4 __attribute__((vector_size(16)));
typedef int32_t M4 __attribute__((vector_size(16)));

namespace {

struct Image {
  int height, width, channels;
  int size() const { return height * width * channels; }
};

// Loads `count` channels; FULL means four. Missing channels are 0. Addresses need not be aligned.
template <bool FULL>
inline V4 load(const float* from, int count) {
  if (FULL) {
    V4 v;
    __builtin_memcpy(&v, from, sizeof v);
    return v;
  }
  V4 v = {};
  for (int c = 0; c < count; c++) v[c] = from[c];
  return v;
}

template <bool FULL>
inline void store(float* to, V4 v, int count) {
  if (FULL) {
    __builtin_memcpy(to, &v, sizeof v);
    return;
  }
  for (int c = 0; c < count; c++) to[c] = v[c];
}

// v where the condition is positive, else 0. NaN is not positive.
inline V4 where_positive(V4 condition, V4 v) {
  const V4 zero = {};
  return (V4)((M4)v & (condition > zero));
}

// Copies four channels of an image into vectors with a border of zeros: (height + 2 border) × (width + 2 border).
template <bool FULL>
void pack(const float* x, Image image, int border, int from, int count, bool relu, V4* out) {
  const int wide = image.width + 2 * border;
  const V4 zero = {};
  for (int i = 0; i < border * wide; i++) out[i] = zero;
  for (int i = 0; i < image.height; i++) {
    V4* row = out + (border + i) * wide;
    for (int j = 0; j < border; j++) row[j] = zero;
    const float* in = x + i * image.width * image.channels + from;
    for (int j = 0; j < image.width; j++, in += image.channels) {
      const V4 v = load<FULL>(in, count);
      row[border + j] = relu ? where_positive(v, v) : v;
    }
    for (int j = border + image.width; j < wide; j++) row[j] = zero;
  }
  V4* last = out + (image.height + border) * wide;
  for (int i = 0; i < border * wide; i++) last[i] = zero;
}

// TILE neighbouring outputs of a row from the packed image; taps in row order.
template <int K, int TILE>
inline void tile(const V4* in, int wide, int dilation, const V4* taps, V4* out) {
  V4 sum[TILE];
  for (int t = 0; t < TILE; t++) sum[t] = V4{};
  for (int a = 0; a < K; a++) {
    const V4* row = in + a * dilation * wide;
    for (int b = 0; b < K; b++) {
      const V4 tap = taps[a * K + b];
      for (int t = 0; t < TILE; t++) sum[t] += row[b * dilation + t] * tap;
    }
  }
  for (int t = 0; t < TILE; t++) out[t] = sum[t];
}

template <int K, bool FULL>
void convolve(const V4* in, const V4* taps, Image image, int dilation, int from, int count, const float* mask, float* y) {
  constexpr int TILE = 4;
  const int wide = image.width + (K - 1) * dilation;
  V4 out[TILE];
  for (int i = 0; i < image.height; i++) {
    for (int j = 0; j < image.width;) {
      const int length = image.width - j >= TILE ? TILE : 1;
      if (length == TILE)
        tile<K, TILE>(in + i * wide + j, wide, dilation, taps, out);
      else
        tile<K, 1>(in + i * wide + j, wide, dilation, taps, out);
      for (int t = 0; t < length; t++, j++) {
        const int at = (i * image.width + j) * image.channels + from;
        store<FULL>(y + at, mask == nullptr ? out[t] : where_positive(load<FULL>(mask + at, count), out[t]), count);
      }
    }
  }
}

// sums[(a K + b) channels + from ...] += over the image, the packed image, shifted by each tap, times dy.
template <int K, bool FULL>
void correlate(const V4* in, const float* dy, Image image, int dilation, int from, int count, double* sums) {
  const int wide = image.width + (K - 1) * dilation;
  for (int a = 0; a < K; a++) {
    V4 sum[K];
    for (int b = 0; b < K; b++) sum[b] = V4{};
    for (int i = 0; i < image.height; i++) {
      const V4* row = in + (i + a * dilation) * wide;
      const float* gradient = dy + i * image.width * image.channels + from;
      for (int j = 0; j < image.width; j++, gradient += image.channels) {
        const V4 g = load<FULL>(gradient, count);
        for (int b = 0; b < K; b++) sum[b] += row[j + b * dilation] * g;
      }
    }
    for (int b = 0; b < K; b++)
      for (int c = 0; c < count; c++) sums[(a * K + b) * image.channels + from + c] += sum[b][c];
  }
}

template <int K>
void depthwise(const float* x, const float* w, float* y, const float* mask, V4* packed, int n, Image image, int dilation, bool relu, bool flipped) {
  const int border = (K / 2) * dilation;
  V4 taps[K * K];
  for (int from = 0; from < image.channels; from += 4) {
    const int count = image.channels - from < 4 ? image.channels - from : 4;
    for (int t = 0; t < K * K; t++) taps[t] = load<false>(w + (flipped ? K * K - 1 - t : t) * image.channels + from, count);
    for (int item = 0; item < n; item++) {
      const float* in = x + item * image.size();
      const float* condition = mask == nullptr ? nullptr : mask + item * image.size();
      float* out = y + item * image.size();
      if (count == 4) {
        pack<true>(in, image, border, from, count, relu, packed);
        convolve<K, true>(packed, taps, image, dilation, from, count, condition, out);
      } else {
        pack<false>(in, image, border, from, count, relu, packed);
        convolve<K, false>(packed, taps, image, dilation, from, count, condition, out);
      }
    }
  }
}

template <int K>
void filter_gradient(const float* x, const float* dy, double* sums, V4* packed, int n, Image image, int dilation, bool relu) {
  const int border = (K / 2) * dilation;
  for (int from = 0; from < image.channels; from += 4) {
    const int count = image.channels - from < 4 ? image.channels - from : 4;
    for (int item = 0; item < n; item++) {
      const int at = item * image.size();
      if (count == 4) {
        pack<true>(x + at, image, border, from, count, relu, packed);
        correlate<K, true>(packed, dy + at, image, dilation, from, count, sums);
      } else {
        pack<false>(x + at, image, border, from, count, relu, packed);
        correlate<K, false>(packed, dy + at, image, dilation, from, count, sums);
      }
    }
  }
}

// Calls visit<FULL>(first channel, count) for all groups of four channels.
template <typename Visit>
inline void groups(int channels, Visit visit) {
  int from = 0;
  for (; from + 4 <= channels; from += 4) visit.template operator()<true>(from, 4);
  if (from < channels) visit.template operator()<false>(from, channels - from);
}

// Number of pixels that are summed in single precision before they are added to the total.
constexpr int CHUNK = 64;

}  // namespace

#define EXPORT extern "C" __attribute__((visibility("default")))

// y [n, h, w, c] = depthwise convolution of x (or of ReLU(x)) with w [k, k, c] (or w rotated by 180°), stride 1, SAME padding. With a mask, 0 where the mask is not positive.
// `packed` is memory for (h + (k - 1) dilation) (w + (k - 1) dilation) vectors. k is 3, 5 or 7.
EXPORT void ghn_depthwise(const float* x, const float* w, float* y, const float* mask, V4* packed, int n, int height, int width, int channels, int k, int dilation, int relu, int flipped) {
  const Image image = {height, width, channels};
  if (k == 3) depthwise<3>(x, w, y, mask, packed, n, image, dilation, relu != 0, flipped != 0);
  if (k == 5) depthwise<5>(x, w, y, mask, packed, n, image, dilation, relu != 0, flipped != 0);
  if (k == 7) depthwise<7>(x, w, y, mask, packed, n, image, dilation, relu != 0, flipped != 0);
}

// sums [k, k, c] += gradient of the convolution with respect to w.
EXPORT void ghn_depthwise_filter_gradient(const float* x, const float* dy, double* sums, V4* packed, int n, int height, int width, int channels, int k, int dilation, int relu) {
  const Image image = {height, width, channels};
  if (k == 3) filter_gradient<3>(x, dy, sums, packed, n, image, dilation, relu != 0);
  if (k == 5) filter_gradient<5>(x, dy, sums, packed, n, image, dilation, relu != 0);
  if (k == 7) filter_gradient<7>(x, dy, sums, packed, n, image, dilation, relu != 0);
}

// sums [c] += x over all pixels, or with a mean, (x - mean)².
EXPORT void ghn_channel_sums(const float* x, const float* mean, double* sums, int pixels, int channels) {
  for (int start = 0; start < pixels; start += CHUNK) {
    const int end = start + CHUNK < pixels ? start + CHUNK : pixels;
    groups(channels, [&]<bool FULL>(int from, int count) {
      V4 sum = {};
      const float* in = x + start * channels + from;
      if (mean == nullptr) {
        for (int p = start; p < end; p++, in += channels) sum += load<FULL>(in, count);
      } else {
        const V4 middle = load<FULL>(mean + from, count);
        for (int p = start; p < end; p++, in += channels) {
          const V4 distance = load<FULL>(in, count) - middle;
          sum += distance * distance;
        }
      }
      for (int c = 0; c < count; c++) sums[from + c] += sum[c];
    });
  }
}

// y = (x - mean) factor + shift.
EXPORT void ghn_normalise(const float* x, float* y, const float* mean, const float* factor, const float* shift, int pixels, int channels) {
  for (int p = 0; p < pixels; p++) {
    groups(channels, [&]<bool FULL>(int from, int count) {
      const int at = p * channels + from;
      store<FULL>(y + at, (load<FULL>(x + at, count) - load<FULL>(mean + from, count)) * load<FULL>(factor + from, count) + load<FULL>(shift + from, count), count);
    });
  }
}

// sums [c] += dy, products [c] += dy (x - mean) inverse.
EXPORT void ghn_normalise_sums(const float* dy, const float* x, const float* mean, const float* inverse, double* sums, double* products, int pixels, int channels) {
  for (int start = 0; start < pixels; start += CHUNK) {
    const int end = start + CHUNK < pixels ? start + CHUNK : pixels;
    groups(channels, [&]<bool FULL>(int from, int count) {
      V4 sum = {}, product = {};
      const V4 middle = load<FULL>(mean + from, count), scale = load<FULL>(inverse + from, count);
      for (int p = start; p < end; p++) {
        const int at = p * channels + from;
        const V4 gradient = load<FULL>(dy + at, count);
        sum += gradient;
        product += gradient * (load<FULL>(x + at, count) - middle) * scale;
      }
      for (int c = 0; c < count; c++) {
        sums[from + c] += sum[c];
        products[from + c] += product[c];
      }
    });
  }
}

// dx = factor (dy - meanOfGradient - (x - mean) meanOfProduct).
EXPORT void ghn_normalise_gradient(const float* dy, const float* x, float* dx, const float* mean, const float* factor, const float* meanOfGradient, const float* meanOfProduct, int pixels,
                                   int channels) {
  for (int p = 0; p < pixels; p++) {
    groups(channels, [&]<bool FULL>(int from, int count) {
      const int at = p * channels + from;
      const V4 distance = load<FULL>(x + at, count) - load<FULL>(mean + from, count);
      const V4 inner = load<FULL>(dy + at, count) - load<FULL>(meanOfGradient + from, count) - distance * load<FULL>(meanOfProduct + from, count);
      store<FULL>(dx + at, load<FULL>(factor + from, count) * inner, count);
    });
  }
}

// sums [inputs, outputs] += Σ x[p, i] dy[p, j] over all pixels p: the gradient of a 1 × 1 convolution with respect to its filter.
EXPORT void ghn_outer_sums(const float* x, const float* dy, double* sums, int pixels, int inputs, int outputs) {
  for (int start = 0; start < pixels; start += CHUNK) {
    const int end = start + CHUNK < pixels ? start + CHUNK : pixels;
    for (int i = 0; i < inputs; i += 4) {
      const int rows = inputs - i < 4 ? inputs - i : 4;
      groups(outputs, [&]<bool FULL>(int from, int count) {
        V4 sum[4] = {};
        const float* in = x + start * inputs + i;
        const float* gradient = dy + start * outputs + from;
        for (int p = start; p < end; p++, in += inputs, gradient += outputs) {
          const V4 g = load<FULL>(gradient, count);
          if (rows == 4)
            for (int r = 0; r < 4; r++) sum[r] += in[r] * g;
          else
            for (int r = 0; r < rows; r++) sum[r] += in[r] * g;
        }
        for (int r = 0; r < rows; r++)
          for (int c = 0; c < count; c++) sums[(i + r) * outputs + from + c] += sum[r][c];
      });
    }
  }
}

// dx = dy where y > 0, else 0.
EXPORT void ghn_relu_gradient(const float* dy, const float* y, float* dx, int size) {
  groups(size, [&]<bool FULL>(int from, int count) { store<FULL>(dx + from, where_positive(load<FULL>(y + from, count), load<FULL>(dy + from, count)), count); });
}

// dx += gradient of max pooling with k × k windows and `top` and `left` pixels of padding before the image. If maxima are equal, the first in row order gets dy.
EXPORT void ghn_max_pool_gradient(const float* dy, const float* x, const float* y, float* dx, int n, int height, int width, int channels, int rows, int columns, int k, int stride, int top,
                                  int left) {
  for (int item = 0; item < n; item++) {
    for (int i = 0; i < rows; i++) {
      const int row0 = i * stride - top > 0 ? i * stride - top : 0;
      const int row1 = i * stride - top + k < height ? i * stride - top + k : height;
      for (int j = 0; j < columns; j++) {
        const int column0 = j * stride - left > 0 ? j * stride - left : 0;
        const int column1 = j * stride - left + k < width ? j * stride - left + k : width;
        const int out = ((item * rows + i) * columns + j) * channels;
        for (int c = 0; c < channels; c++) {
          const float maximum = y[out + c];
          for (int row = row0; row < row1; row++) {
            int in = ((item * height + row) * width + column0) * channels + c;
            int column = column0;
            for (; column < column1 && x[in] != maximum; column++) in += channels;
            if (column == column1) continue;
            dx[in] += dy[out + c];
            break;
          }
        }
      }
    }
  }
}
