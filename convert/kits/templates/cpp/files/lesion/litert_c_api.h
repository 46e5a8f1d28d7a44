// The functions of LiteRT's C API that this kit calls, declared by hand.
//
// The wheel ai-edge-litert carries the library (libLiteRt.so) and no headers. With the
// headers of your LiteRT at hand, include those instead. Declared as in version 2.3.0:
// from 2.1 to 2.2, models were created without an environment.

#ifndef LESION_LITERT_C_API_H_
#define LESION_LITERT_C_API_H_

#include <stddef.h>
#include <stdint.h>

extern "C" {

typedef int32_t LiteRtStatus;  // 0 is success
typedef size_t LiteRtParamIndex;
typedef struct LiteRtEnvironmentT* LiteRtEnvironment;
typedef struct LiteRtModelT* LiteRtModel;
typedef struct LiteRtOptionsT* LiteRtOptions;
typedef struct LiteRtCompiledModelT* LiteRtCompiledModel;
typedef struct LiteRtSubgraphT* LiteRtSubgraph;
typedef struct LiteRtTensorT* LiteRtTensor;
typedef struct LiteRtTensorBufferT* LiteRtTensorBuffer;
typedef struct LiteRtTensorBufferRequirementsT* LiteRtTensorBufferRequirements;

// Filled in and read by the library alone. It needs 72 bytes there.
typedef struct {
  int32_t opaque[32];
} LiteRtRankedTensorType;

enum { kLiteRtHwAcceleratorCpu = 1 };

// One of the integers that an environment is made with.
enum {
  kLiteRtEnvOptionTagAutoRegisterAccelerators = 24,
  kLiteRtEnvOptionTagMinLoggerSeverity = 25,
};
enum { kLiteRtAnyTypeInt = 2 };
enum { kLiteRtLogSeverityError = 3 };
typedef struct {
  int tag;
  struct {
    int type;
    int64_t integer;
  } value;
} LiteRtEnvOption;
typedef enum { kLiteRtLockRead = 0, kLiteRtLockWrite = 1 } LiteRtTensorBufferLockMode;

LiteRtStatus LiteRtCreateEnvironment(int options, const LiteRtEnvOption* values,
                                     LiteRtEnvironment* environment);
void LiteRtDestroyEnvironment(LiteRtEnvironment environment);

// The bytes have to stay where they are as long as the model is used.
LiteRtStatus LiteRtCreateModelFromBuffer(LiteRtEnvironment environment,
                                         const void* bytes, size_t size,
                                         LiteRtModel* model);
void LiteRtDestroyModel(LiteRtModel model);
LiteRtStatus LiteRtGetModelSubgraph(LiteRtModel model, LiteRtParamIndex index,
                                    LiteRtSubgraph* subgraph);
LiteRtStatus LiteRtGetSubgraphInput(LiteRtSubgraph subgraph, LiteRtParamIndex index,
                                    LiteRtTensor* tensor);
LiteRtStatus LiteRtGetSubgraphOutput(LiteRtSubgraph subgraph, LiteRtParamIndex index,
                                     LiteRtTensor* tensor);
LiteRtStatus LiteRtGetRankedTensorType(LiteRtTensor tensor, LiteRtRankedTensorType* type);

LiteRtStatus LiteRtCreateOptions(LiteRtOptions* options);
void LiteRtDestroyOptions(LiteRtOptions options);
LiteRtStatus LiteRtSetOptionsHardwareAccelerators(LiteRtOptions options, int accelerators);

LiteRtStatus LiteRtCreateCompiledModel(LiteRtEnvironment environment, LiteRtModel model,
                                       LiteRtOptions options,
                                       LiteRtCompiledModel* compiled);
void LiteRtDestroyCompiledModel(LiteRtCompiledModel compiled);
LiteRtStatus LiteRtGetCompiledModelInputBufferRequirements(
    LiteRtCompiledModel compiled, LiteRtParamIndex signature, LiteRtParamIndex index,
    LiteRtTensorBufferRequirements* requirements);
LiteRtStatus LiteRtGetCompiledModelOutputBufferRequirements(
    LiteRtCompiledModel compiled, LiteRtParamIndex signature, LiteRtParamIndex index,
    LiteRtTensorBufferRequirements* requirements);
LiteRtStatus LiteRtRunCompiledModel(LiteRtCompiledModel compiled,
                                    LiteRtParamIndex signature, size_t inputs,
                                    LiteRtTensorBuffer* input, size_t outputs,
                                    LiteRtTensorBuffer* output);

LiteRtStatus LiteRtCreateManagedTensorBufferFromRequirements(
    LiteRtEnvironment environment, const LiteRtRankedTensorType* type,
    LiteRtTensorBufferRequirements requirements, LiteRtTensorBuffer* buffer);
void LiteRtDestroyTensorBuffer(LiteRtTensorBuffer buffer);
LiteRtStatus LiteRtGetTensorBufferPackedSize(LiteRtTensorBuffer buffer, size_t* size);
LiteRtStatus LiteRtLockTensorBuffer(LiteRtTensorBuffer buffer, void** memory,
                                    LiteRtTensorBufferLockMode mode);
LiteRtStatus LiteRtUnlockTensorBuffer(LiteRtTensorBuffer buffer);

}  // extern "C"

#endif  // LESION_LITERT_C_API_H_
