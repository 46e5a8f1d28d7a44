// What the C++ kit makes of raw pictures, for comparison with Python.
// Words: model, then WIDTH HEIGHT FILE for each. Writes the pixels to FILE.pixels and
// prints stored output, decision, probability, the decision with a look at the photo, and
// what that look found, one picture a line.

#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>

#include "constants.h"
#include "model.h"
#include "postprocessing.h"
#include "quality.h"

int main(int count, char** words) {
  lesion::Model model(words[1]);
  for (int place = 2; place + 2 < count; place += 3) {
    lesion::Image image{std::stoi(words[place]), std::stoi(words[place + 1]), {}};
    const std::string path = words[place + 2];
    std::ifstream file(path, std::ios::binary);
    image.rgb.assign(std::istreambuf_iterator<char>(file), {});
    const auto pixels = lesion::preprocess(image, lesion::kSizePx);
    std::ofstream(path + ".pixels", std::ios::binary)
        .write(reinterpret_cast<const char*>(pixels.data()), pixels.size());
    const auto output = model.infer(lesion::store(pixels));
    const auto said = lesion::verdict(output);
    std::printf("%.9g\t%s\t%.17g", lesion::stored_output(output),
                said.decision.c_str(), said.probability);
    const auto findings = lesion::findings_of(image, pixels);
    std::printf("\t%s\t", lesion::verdict(output, findings).decision.c_str());
    for (const auto& each : findings) std::printf("%s,", each.name.c_str());
    std::printf("\n");
  }
}
