// From decoded RGB pixels to the bytes of the model's input, equal to Python's.

#ifndef LESION_PREPROCESSING_H_
#define LESION_PREPROCESSING_H_

#include <cstdint>
#include <vector>

namespace lesion {

using Bytes = std::vector<std::uint8_t>;

// Decoded, upright (EXIF orientation applied), RGB by rows, nothing between the rows.
struct Image {
  int width = 0;
  int height = 0;
  Bytes rgb;
};

// The largest square around the centre; where the margin is odd, the smaller half is
// cut at the top or left.
Image centre_square(const Image& image);

// Pillow's antialiased bilinear filter, to the byte: integer weights, rows first, then
// columns, each pass rounded.
Bytes resize(const Image& image, int size_px);

// What the model looks at: size_px * size_px * 3 bytes.
Bytes preprocess(const Image& image, int size_px);

// The real number that a pixel level 0..255 stands for.
double normalise(int level);

// The stored input value of a real number; halves go to the even integer.
double quantise(double real);

// The bytes of the input tensor. `stored` gives the stored value of each level.
Bytes store(const Bytes& pixels, const std::vector<double>& stored);
Bytes store(const Bytes& pixels);

}  // namespace lesion

#endif  // LESION_PREPROCESSING_H_
