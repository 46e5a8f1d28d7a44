@file:Suppress("UNUSED_PARAMETER")

package androidx.compose.runtime

import kotlin.reflect.KProperty

@Target(AnnotationTarget.FUNCTION, AnnotationTarget.TYPE, AnnotationTarget.TYPE_PARAMETER)
annotation class Composable

interface MutableState<T> {
    var value: T
}

fun <T> mutableStateOf(value: T): MutableState<T> = TODO()

@Composable
fun <T> remember(calculation: () -> T): T = TODO()

@Composable
fun LaunchedEffect(key: Any?, block: suspend () -> Unit): Unit = TODO()

operator fun <T> MutableState<T>.getValue(owner: Any?, property: KProperty<*>): T = TODO()

operator fun <T> MutableState<T>.setValue(owner: Any?, property: KProperty<*>, value: T): Unit = TODO()
