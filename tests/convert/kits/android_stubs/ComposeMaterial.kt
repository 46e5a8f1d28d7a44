@file:Suppress("UNUSED_PARAMETER")

package androidx.compose.material3

import androidx.compose.runtime.Composable
import androidx.compose.ui.Modifier

interface RowScope

@Composable
fun Text(text: String, modifier: Modifier = Modifier): Unit = TODO()

@Composable
fun Button(onClick: () -> Unit, modifier: Modifier = Modifier, content: @Composable RowScope.() -> Unit): Unit = TODO()

@Composable
fun TextField(
    value: String, onValueChange: (String) -> Unit, modifier: Modifier = Modifier,
    label: (@Composable () -> Unit)? = null,
): Unit = TODO()
