#include "model.h"

#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "questions.h"

namespace lesion {
namespace {

void check(LiteRtStatus status, const char* what) {
  if (status != 0) {
    throw std::runtime_error(std::string("LiteRT could not ") + what + ": status " +
                             std::to_string(status));
  }
}

std::vector<std::uint8_t> read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("the model " + path + " cannot be read");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

Model::Model(const std::string& path) : bytes_(read(path)) {
  try {
    open();
  } catch (...) {
    close();
    throw;
  }
}

Model::~Model() { close(); }

void Model::open() {
  // No look for a GPU or NPU, which would tell what is missing, and no small talk.
  const LiteRtEnvOption quiet[] = {
      {kLiteRtEnvOptionTagAutoRegisterAccelerators,
       {kLiteRtAnyTypeInt, kLiteRtHwAcceleratorCpu}},
      {kLiteRtEnvOptionTagMinLoggerSeverity,
       {kLiteRtAnyTypeInt, kLiteRtLogSeverityError}},
  };
  check(LiteRtCreateEnvironment(2, quiet, &environment_), "start");
  check(LiteRtCreateModelFromBuffer(environment_, bytes_.data(), bytes_.size(), &model_),
        "read the model");
  LiteRtOptions options = nullptr;
  check(LiteRtCreateOptions(&options), "make options");
  LiteRtStatus status =
      LiteRtSetOptionsHardwareAccelerators(options, kLiteRtHwAcceleratorCpu);
  if (status == 0) {
    status = LiteRtCreateCompiledModel(environment_, model_, options, &compiled_);
  }
  LiteRtDestroyOptions(options);
  check(status, "compile the model");

  const std::size_t inputs = kQuestions.empty() ? 1 : 2;
  for (std::size_t place = 0; place < inputs; ++place) {
    inputs_.push_back(allocated_input(place));
  }
  LiteRtSubgraph graph;
  LiteRtTensor tensor;
  LiteRtRankedTensorType type;
  LiteRtTensorBufferRequirements requirements;
  check(LiteRtGetModelSubgraph(model_, 0, &graph), "find the graph");
  check(LiteRtGetSubgraphOutput(graph, 0, &tensor), "find the output");
  check(LiteRtGetRankedTensorType(tensor, &type), "read the output's type");
  check(LiteRtGetCompiledModelOutputBufferRequirements(compiled_, 0, 0, &requirements),
        "size the output");
  check(LiteRtCreateManagedTensorBufferFromRequirements(environment_, &type,
                                                        requirements, &output_),
        "allocate the output");
}

LiteRtTensorBuffer Model::allocated_input(LiteRtParamIndex place) {
  LiteRtSubgraph graph;
  LiteRtTensor tensor;
  LiteRtRankedTensorType type;
  LiteRtTensorBufferRequirements requirements;
  LiteRtTensorBuffer buffer = nullptr;
  check(LiteRtGetModelSubgraph(model_, 0, &graph), "find the graph");
  check(LiteRtGetSubgraphInput(graph, place, &tensor), "find an input");
  check(LiteRtGetRankedTensorType(tensor, &type), "read an input's type");
  check(LiteRtGetCompiledModelInputBufferRequirements(compiled_, 0, place, &requirements),
        "size an input");
  check(LiteRtCreateManagedTensorBufferFromRequirements(environment_, &type,
                                                        requirements, &buffer),
        "allocate an input");
  return buffer;
}

void Model::close() {
  if (output_) LiteRtDestroyTensorBuffer(output_);
  for (LiteRtTensorBuffer input : inputs_) LiteRtDestroyTensorBuffer(input);
  if (compiled_) LiteRtDestroyCompiledModel(compiled_);
  if (model_) LiteRtDestroyModel(model_);
  if (environment_) LiteRtDestroyEnvironment(environment_);
}

std::vector<std::uint8_t> Model::infer(const std::vector<std::uint8_t>& input) {
  std::size_t size = 0;
  std::size_t whole = 0;
  void* memory = nullptr;
  std::vector<std::size_t> sizes;
  for (LiteRtTensorBuffer each : inputs_) {
    check(LiteRtGetTensorBufferPackedSize(each, &size), "size an input");
    sizes.push_back(size);
    whole += size;
  }
  if (whole != input.size()) {
    throw std::runtime_error("expected an input of " + std::to_string(whole) +
                             " bytes, got " + std::to_string(input.size()));
  }
  // The photo comes first here, wherever the model has it.
  const std::size_t photo = kAnswersAt == 0 && inputs_.size() > 1 ? 1 : 0;
  for (std::size_t place = 0; place < inputs_.size(); ++place) {
    const std::size_t start = place == photo ? 0 : sizes[photo];
    check(LiteRtLockTensorBuffer(inputs_[place], &memory, kLiteRtLockWrite),
          "write an input");
    std::memcpy(memory, input.data() + start, sizes[place]);
    check(LiteRtUnlockTensorBuffer(inputs_[place]), "write an input");
  }
  check(LiteRtRunCompiledModel(compiled_, 0, inputs_.size(), inputs_.data(), 1, &output_),
        "run the model");
  check(LiteRtGetTensorBufferPackedSize(output_, &size), "size the output");
  check(LiteRtLockTensorBuffer(output_, &memory, kLiteRtLockRead), "read the output");
  const auto* first = static_cast<const std::uint8_t*>(memory);
  std::vector<std::uint8_t> output(first, first + size);
  check(LiteRtUnlockTensorBuffer(output_), "read the output");
  return output;
}

}  // namespace lesion
