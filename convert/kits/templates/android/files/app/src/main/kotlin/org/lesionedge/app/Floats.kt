// Single-precision numbers as bytes, the least significant first.

package org.lesionedge.app

import java.nio.ByteBuffer
import java.nio.ByteOrder

internal object Floats {
    fun of(bytes: ByteArray): FloatArray {
        val floats = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer()
        return FloatArray(floats.remaining()).also { floats.get(it) }
    }

    fun bytes(floats: FloatArray): ByteArray {
        val bytes = ByteBuffer.allocate(floats.size * 4).order(ByteOrder.LITTLE_ENDIAN)
        floats.forEach { bytes.putFloat(it) }
        return bytes.array()
    }
}
