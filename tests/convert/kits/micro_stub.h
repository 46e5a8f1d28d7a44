// What main.cpp of the microcontroller kit calls of TFLite Micro, declared by hand after
// its headers. Finds slips of typing and nothing else; nothing here can be run.

#ifndef LESION_MICRO_STUB_H_
#define LESION_MICRO_STUB_H_

#include <stddef.h>
#include <stdint.h>

enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 };

union TfLitePtrUnion {
  int8_t* int8;
  uint8_t* uint8;
  float* f;
};

struct TfLiteTensor {
  TfLitePtrUnion data;
  size_t bytes;
};

void MicroPrintf(const char* format, ...);

namespace tflite {

struct Model;
const Model* GetModel(const void* buffer);
void InitializeTarget();

class MicroOpResolver {};

template <unsigned int kOperators>
class MicroMutableOpResolver : public MicroOpResolver {
 public:
  TfLiteStatus AddConv2D();
  TfLiteStatus AddDepthwiseConv2D();
  TfLiteStatus AddFullyConnected();
  TfLiteStatus AddLogistic();
  TfLiteStatus AddMaxPool2D();
  TfLiteStatus AddMaximum();
  TfLiteStatus AddMean();
  TfLiteStatus AddMinimum();
  TfLiteStatus AddPad();
  TfLiteStatus AddQuantize();
  TfLiteStatus AddReshape();
};

class MicroInterpreter {
 public:
  MicroInterpreter(const Model* model, const MicroOpResolver& resolver, uint8_t* arena,
                   size_t arena_bytes);
  TfLiteStatus AllocateTensors();
  TfLiteStatus Invoke();
  TfLiteTensor* input(size_t index);
  TfLiteTensor* output(size_t index);
  size_t arena_used_bytes() const;
};

}  // namespace tflite

#endif  // LESION_MICRO_STUB_H_
