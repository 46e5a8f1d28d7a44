#include "self_test.h"

#include <cmath>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <stdexcept>

#include "constants.h"
#include "quality.h"

namespace lesion {
namespace {

using Row = std::map<std::string, std::string>;

std::ifstream opened(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("the golden file " + path + " cannot be read");
  return file;
}

Bytes bytes_of(const std::string& path) {
  std::ifstream file = opened(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> words;
  std::istringstream stream(line);
  for (std::string word; std::getline(stream, word, '\t');) words.push_back(word);
  return words;
}

// A table with tabs between the columns and their names in the first line.
std::vector<Row> rows_of(const std::string& path) {
  std::ifstream file = opened(path);
  std::string line;
  std::getline(file, line);
  const auto names = split(line);
  std::vector<Row> rows;
  while (std::getline(file, line)) {
    const auto words = split(line);
    Row row;
    for (std::size_t place = 0; place < names.size(); ++place) {
      row[names[place]] = words.at(place);
    }
    rows.push_back(row);
  }
  return rows;
}

double number(const Row& row, const char* column) { return std::stod(row.at(column)); }

double largest(const Bytes& expected, const Bytes& found) {
  if (expected.size() != found.size()) return INFINITY;
  int most = 0;
  for (std::size_t place = 0; place < expected.size(); ++place) {
    most = std::max(most, std::abs(int(expected[place]) - int(found[place])));
  }
  return most;
}

Bytes swapped(Bytes rgb) {
  for (std::size_t place = 0; place + 2 < rgb.size(); place += 3) {
    std::swap(rgb[place], rgb[place + 2]);
  }
  return rgb;
}

// Two digits a byte.
Bytes from_hex(const std::string& digits) {
  Bytes bytes;
  for (std::size_t place = 0; place + 1 < digits.size(); place += 2) {
    bytes.push_back(std::stoi(digits.substr(place, 2), nullptr, 16));
  }
  return bytes;
}

// "age=61;itch=yes" by name.
Answers answers_of(const std::string& text) {
  Answers answers;
  std::istringstream stream(text);
  for (std::string pair; std::getline(stream, pair, ';');) {
    const std::size_t equals = pair.find('=');
    answers[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return answers;
}

Bytes joined(Bytes input, const Bytes& answers) {
  input.insert(input.end(), answers.begin(), answers.end());
  return input;
}

class SelfTest {
 public:
  SelfTest(const std::string& folder, const Steps& steps)
      : folder_(folder + "/"), steps_(steps) {
    for (const Row& row : rows_of(folder_ + "steps.tsv")) {
      hints_[row.at("step")] = row.at("hint");
    }
  }

  std::vector<Difference> run() {
    levels();
    outputs();
    crops();
    answers();
    for (const Row& picture : rows_of(folder_ + "pictures.tsv")) pictures(picture);
    return found_;
  }

 private:
  void differs(const std::string& step, const std::string& what) {
    found_.push_back({step, what, hints_.at(step)});
  }

  void numbers(const std::string& step, const std::string& what, double expected,
               double found, double allowed) {
    if (std::fabs(expected - found) <= allowed) return;  // False for NaN.
    std::ostringstream text;
    text.precision(9);
    text << what << ": expected " << expected << ", got " << found;
    differs(step, text.str());
  }

  void pixels(const std::string& step, const std::string& what, const Bytes& expected,
              const Bytes& found, double allowed = 0) {
    if (largest(expected, found) <= allowed) return;
    if (largest(expected, swapped(found)) <= allowed) {
      differs("colour order", what + ": red and blue are exchanged");
    } else {
      std::ostringstream text;
      text << what << ": differs by up to " << largest(expected, found) << " levels";
      differs(step, text.str());
    }
  }

  void levels() {
    for (const Row& row : rows_of(folder_ + "levels.tsv")) {
      const int level = static_cast<int>(number(row, "level"));
      numbers("normalisation", "pixel level " + row.at("level"), number(row, "real"),
              steps_.normalise(level), 1e-9);
      if (!found_.empty()) return;  // One level tells enough.
    }
  }

  void crops() {
    for (const Row& row : rows_of(folder_ + "crops.tsv")) {
      const Crop crop{number(row, "x"), number(row, "y"), number(row, "side")};
      const int width = static_cast<int>(number(row, "width"));
      const int height = static_cast<int>(number(row, "height"));
      const Box found = steps_.box(width, height, crop);
      if (found.left != number(row, "left") || found.top != number(row, "top") ||
          found.side != number(row, "side_px")) {
        differs("crop", "square " + row.at("x") + "," + row.at("y") + "," +
                            row.at("side") + " of " + row.at("width") + " x " +
                            row.at("height") + " pixels");
        return;  // One square tells enough.
      }
    }
  }

  void answers() {
    for (const Row& row : rows_of(folder_ + "answers.tsv")) {
      const Answers told = answers_of(row.at("answers"));
      if (steps_.store_answers(told) != from_hex(row.at("stored"))) {
        differs("answers", "'" + row.at("answers") + "': the stored answers differ");
        return;  // One answer tells enough.
      }
    }
  }

  void pictures(const Row& row) {
    const std::string name = row.at("name");
    const Image image{static_cast<int>(number(row, "width")),
                      static_cast<int>(number(row, "height")),
                      bytes_of(folder_ + name + ".rgb")};
    const Bytes golden_pixels = bytes_of(folder_ + name + ".pixels");
    const Bytes golden_input = bytes_of(folder_ + name + ".input");
    if (steps_.decode) {
      const std::string file = name + row.at("suffix");
      const Image decoded = steps_.decode(bytes_of(folder_ + file));
      // Decoders of JPEG differ by a level or two.
      pixels("decode", file, image.rgb, decoded.rgb, number(row, "levels"));
    }
    pixels("resize", name, golden_pixels, steps_.preprocess(image));
    if (steps_.store(golden_pixels) != golden_input) {
      differs("quantisation", name + ": the stored input differs");
    }
    const Bytes golden_answers = from_hex(row.at("stored_answers"));
    const double stored =
        stored_output(steps_.infer(joined(golden_input, golden_answers)));
    const bool same = steps_.kernel_family == kKernelFamily;
    numbers("kernels", name + ": stored output", number(row, "stored"), stored,
            same ? kAllowedWithinFamily : kAllowedAcrossFamilies);
    const std::vector<Finding> seen = look(row, image, golden_pixels);
    whole(row, image, seen);
  }

  std::vector<Finding> look(const Row& row, const Image& image, const Bytes& pixels) {
    if (!steps_.findings) return {};
    const std::vector<Finding> seen = steps_.findings(image, pixels);
    std::string names;
    for (const Finding& each : seen) names += (names.empty() ? "" : ",") + each.name;
    if (names != row.at("findings")) {
      differs("quality", row.at("name") + ": expected '" + row.at("findings") +
                             "', got '" + names + "'");
    }
    return seen;
  }

  // The steps one after the other, as in the app.
  void whole(const Row& row, const Image& image, const std::vector<Finding>& seen) {
    if (!found_.empty()) return;
    const Bytes told = steps_.store_answers(answers_of(row.at("answers")));
    const Bytes output =
        steps_.infer(joined(steps_.store(steps_.preprocess(image)), told));
    const std::string said = steps_.decision(steps_.restore(stored_output(output)), seen);
    const std::string expected = row.at(steps_.findings ? "verdict" : "decision");
    if (steps_.kernel_family == kKernelFamily && said != expected) {
      differs("whole", row.at("name") + ": expected " + expected + ", got " + said);
    }
  }

  void outputs() {
    for (const Row& row : rows_of(folder_ + "outputs.tsv")) {
      const std::size_t before = found_.size();
      const std::string what = "stored output " + row.at("stored");
      const double score = number(row, "score");
      numbers("restore", what + ": score", score, steps_.restore(number(row, "stored")),
              1e-9);
      numbers("probability", what + ": probability", number(row, "probability"),
              steps_.calibrated(score), kAllowedProbability);
      const std::string said = steps_.decision(score, {});
      if (said != row.at("decision")) {
        differs("threshold", what + ": expected " + row.at("decision") + ", got " + said);
      }
      if (found_.size() > before) return;  // One output tells enough.
    }
  }

  std::string folder_;
  const Steps& steps_;
  std::map<std::string, std::string> hints_;
  std::vector<Difference> found_;
};

}  // namespace

Steps reference_steps(std::function<Bytes(const Bytes&)> infer) {
  Steps steps;
  steps.box = box_of;
  steps.preprocess = [](const Image& image) { return preprocess(image, kSizePx); };
  steps.normalise = normalise;
  steps.store = [](const Bytes& pixels) { return store(pixels); };
  steps.store_answers = store_answers;
  steps.infer = std::move(infer);
  steps.restore = restore;
  steps.calibrated = calibrated;
  steps.decision = decision;
  steps.findings = findings_of;
  return steps;
}

std::vector<Difference> self_test(const std::string& folder, const Steps& steps) {
  return SelfTest(folder, steps).run();
}

}  // namespace lesion
