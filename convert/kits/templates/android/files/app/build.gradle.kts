plugins {
    id("com.android.application")
    id("org.jetbrains.kotlin.android")
    id("org.jetbrains.kotlin.plugin.compose")
}

android {
    namespace = "org.lesionedge.app"
    compileSdk = 36

    defaultConfig {
        applicationId = "org.lesionedge.app"
        minSdk = 26
        targetSdk = 36
        versionCode = 1
        versionName = "1.0"
    }
    buildFeatures { compose = true }
    // A compressed asset cannot be mapped into memory, and LiteRT refuses it.
    androidResources { noCompress += "tflite" }
    // Native libraries stay uncompressed and aligned, which devices with pages of 16 KB
    // ask for; LiteRT's own are aligned from 1.4.0 on.
    packaging { jniLibs { useLegacyPackaging = false } }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
    kotlinOptions { jvmTarget = "17" }
}

dependencies {
    // 2.1 and later have CompiledModel and Interpreter, 2.0 CompiledModel only, 1.4
    // Interpreter only.
    implementation("com.google.ai.edge.litert:litert:2.3.0")

    implementation(platform("androidx.compose:compose-bom:2025.10.01"))
    implementation("androidx.activity:activity-compose:1.11.0")
    implementation("androidx.compose.material3:material3")
    implementation("androidx.camera:camera-camera2:1.5.1")
    implementation("androidx.camera:camera-lifecycle:1.5.1")
    implementation("androidx.camera:camera-view:1.5.1")
}
