// From decoded RGB pixels to the bytes of the model's input, equal to Python's.

#ifndef LESION_PREPROCESSING_H_
#define LESION_PREPROCESSING_H_

#include <cstdint>
#include <string>
#include <vector>

namespace lesion {

using Bytes = std::vector<std::uint8_t>;

// Decoded, upright (EXIF orientation applied), RGB by rows, nothing between the rows.
struct Image {
  int width = 0;
  int height = 0;
  Bytes rgb;
};

// A square, in shares, so that it fits a photo at any resolution: its middle as shares of
// width and height, its side as a share of the shorter one, 0.02 to 1.
struct Crop {
  double x = 0.5;
  double y = 0.5;
  double side = 1;
};

// The same in pixels. Moved inwards where it would reach over the edge; where the margin
// is odd, the smaller half is cut at the top or left.
struct Box {
  int left;
  int top;
  int side;
};
Box box_of(int width, int height, const Crop& crop);

// The square of a photo; by itself the largest one around the centre. The model and the
// look at the photo's quality get this and nothing around it.
Image cropped(const Image& image, const Crop& crop = {});

// Pillow's antialiased bilinear filter, to the byte: integer weights, rows first, then
// columns, each pass rounded.
Bytes resize(const Image& image, int size_px);

// What the model looks at: size_px * size_px * 3 bytes.
Bytes preprocess(const Image& image, int size_px);

// The real number that a pixel level 0..255 stands for.
double normalise(int level);

// The stored value of a real number; halves go to the even integer.
double quantise(double real, const std::string& type, double scale, int zero_point);

// The same as the model's input has it.
double quantise(double real);

// The bytes of the input tensor. `stored` gives the stored value of each level.
Bytes store(const Bytes& pixels, const std::vector<double>& stored);
Bytes store(const Bytes& pixels);

}  // namespace lesion

#endif  // LESION_PREPROCESSING_H_
