@file:Suppress("UNUSED_PARAMETER")

package com.google.ai.edge.litert

import android.content.res.AssetManager

enum class Accelerator { CPU, GPU, NPU }

class TensorBuffer : AutoCloseable {
    fun writeInt8(values: ByteArray): Unit = TODO()

    fun writeFloat(values: FloatArray): Unit = TODO()

    fun readInt8(): ByteArray = TODO()

    fun readFloat(): FloatArray = TODO()

    override fun close(): Unit = TODO()
}

class Environment

class CompiledModel : AutoCloseable {
    class Options(vararg accelerators: Accelerator)

    fun createInputBuffers(): List<TensorBuffer> = TODO()

    fun createOutputBuffers(): List<TensorBuffer> = TODO()

    fun run(inputs: List<TensorBuffer>, outputs: List<TensorBuffer>): Unit = TODO()

    override fun close(): Unit = TODO()

    companion object {
        fun create(
            assets: AssetManager, name: String, options: Options, environment: Environment? = null,
        ): CompiledModel = TODO()
    }
}
