const {getDefaultConfig, mergeConfig} = require('@react-native/metro-config');

const defaults = getDefaultConfig(__dirname);

module.exports = mergeConfig(defaults, {
  resolver: {
    // Without this the model is not found, or is read as source text.
    assetExts: [...defaults.resolver.assetExts, 'tflite'],
    // src/lesion and src/quality name their modules as browsers want them, with .js; here they are .ts.
    resolveRequest: (context, name, platform) =>
      context.resolveRequest(
        context,
        /src[\\/](lesion|quality)/.test(context.originModulePath) ? name.replace(/\.js$/, '') : name,
        platform,
      ),
  },
});
