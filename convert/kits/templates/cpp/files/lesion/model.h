// The model, run by LiteRT through its C API. One object, one thread at a time.

#ifndef LESION_MODEL_H_
#define LESION_MODEL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "litert_c_api.h"

namespace lesion {

class Model {
 public:
  // Reads a .tflite file. Throws std::runtime_error when it cannot be used.
  explicit Model(const std::string& path);
  ~Model();
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  // Stored input, as store() gives it and store_answers() after it, to the bytes of the
  // stored output.
  std::vector<std::uint8_t> infer(const std::vector<std::uint8_t>& input);

 private:
  void open();
  LiteRtTensorBuffer allocated_input(LiteRtParamIndex place);
  void close();

  std::vector<std::uint8_t> bytes_;  // The library does not copy them.
  LiteRtEnvironment environment_ = nullptr;
  LiteRtModel model_ = nullptr;
  LiteRtCompiledModel compiled_ = nullptr;
  std::vector<LiteRtTensorBuffer> inputs_;  // in the model's own order
  LiteRtTensorBuffer output_ = nullptr;
};

}  // namespace lesion

#endif  // LESION_MODEL_H_
