// LiteRT for the JVM: the model of the C++ kit behind the functions of Sabotage.kt.

#include <jni.h>

#include <exception>

#include "model.h"

extern "C" JNIEXPORT jlong JNICALL Java_Native_open(JNIEnv* env, jclass, jstring path) {
  const char* word = env->GetStringUTFChars(path, nullptr);
  try {
    return reinterpret_cast<jlong>(new lesion::Model(word));
  } catch (const std::exception& error) {
    env->ThrowNew(env->FindClass("java/lang/IllegalStateException"), error.what());
    return 0;
  }
}

extern "C" JNIEXPORT jbyteArray JNICALL Java_Native_infer(JNIEnv* env, jclass,
                                                          jlong model, jbyteArray input) {
  std::vector<std::uint8_t> bytes(env->GetArrayLength(input));
  env->GetByteArrayRegion(input, 0, bytes.size(), reinterpret_cast<jbyte*>(bytes.data()));
  try {
    const auto output = reinterpret_cast<lesion::Model*>(model)->infer(bytes);
    jbyteArray result = env->NewByteArray(output.size());
    env->SetByteArrayRegion(result, 0, output.size(),
                            reinterpret_cast<const jbyte*>(output.data()));
    return result;
  } catch (const std::exception& error) {
    env->ThrowNew(env->FindClass("java/lang/IllegalStateException"), error.what());
    return nullptr;
  }
}
