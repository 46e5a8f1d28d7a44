@file:Suppress("UNUSED_PARAMETER")

package androidx.activity

import android.content.Context
import android.os.Bundle
import androidx.lifecycle.LifecycleOwner

open class ComponentActivity : Context(), LifecycleOwner {
    protected open fun onCreate(savedInstanceState: Bundle?): Unit = TODO()

    protected open fun onDestroy(): Unit = TODO()

    fun runOnUiThread(action: Runnable): Unit = TODO()
}
