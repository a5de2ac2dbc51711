#pragma once

#include <cstdint>
#include <vector>

#include "tensorflow-c.h"

// Inputs and outputs of one kernel call. Reports the first error and releases the tensors when it goes out of scope.
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
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  bool ok() const { return TF_GetCode(status_) == 0; }
  // Sets an error unless `condition` holds. Returns whether the call is free of errors.
  bool require(bool condition, const char* message) {
    if (!condition && ok()) TF_SetStatus(status_, TF_INVALID_ARGUMENT_CODE, message);
    return ok();
  }
  int rank(int i) const { return TF_NumDims(tensors_[i]); }
  int64_t dim(int i, int axis) const { return TF_Dim(tensors_[i], axis); }
  int64_t size(int i) const {
    int64_t product = 1;
    for (int axis = 0; axis < rank(i); axis++) product *= dim(i, axis);
    return product;
  }
  bool sameShape(int a, int b) const {
    if (rank(a) != rank(b)) return false;
    for (int axis = 0; axis < rank(a); axis++)
      if (dim(a, axis) != dim(b, axis)) return false;
    return true;
  }
  const float* data(int i) const { return static_cast<const float*>(TF_TensorData(tensors_[i])); }
  // Allocates an output with the shape of an input; nullptr after an error.
  float* outputLike(int output, int input) {
    std::vector<int64_t> shape;
    for (int axis = 0; axis < rank(input); axis++) shape.push_back(dim(input, axis));
    TF_Tensor* tensor = TF_AllocateOutput(context_, output, TF_FLOAT_TYPE, shape.data(), static_cast<int>(shape.size()), size(input) * sizeof(float), status_);
    if (!ok()) return nullptr;
    tensors_.push_back(tensor);
    return static_cast<float*>(TF_TensorData(tensor));
  }

 private:
  TF_OpKernelContext* context_;
  TF_Status* status_;
  std::vector<TF_Tensor*> tensors_;
};
