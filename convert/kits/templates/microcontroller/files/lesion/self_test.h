// Repeats the golden vectors on the device and says which step differs.

#ifndef LESION_SELF_TEST_H_
#define LESION_SELF_TEST_H_

#include <stdint.h>

#include "lesion.h"

namespace lesion {

// The steps of an app; those of this kit unless replaced.
struct Steps {
  void (*resize)(const Frame&, uint8_t*);
  int8_t (*stored)(uint8_t);
  int8_t (*infer)(const int8_t*);
  Decision (*decide)(int8_t);
};

// Null when all agree within `allowed` steps of the output; else the name of the step:
// "colour order", "resize", "quantisation", "kernels" or "threshold". TFLite Micro's
// kernels are of another family than those of the golden vectors: allow 7 steps.
// `scratch` has room for kInputBytes.
const char* self_test(const Steps& steps, uint8_t* scratch, int allowed);

}  // namespace lesion

#endif  // LESION_SELF_TEST_H_
