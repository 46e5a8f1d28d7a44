// Declarations of what the app calls, from Android's documentation; nothing runs.

@file:Suppress("UNUSED_PARAMETER")

package android.content

open class Context {
    val assets: android.content.res.AssetManager = TODO()
    val applicationContext: Context = TODO()
}
