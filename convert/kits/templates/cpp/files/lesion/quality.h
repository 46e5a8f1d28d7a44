// What speaks against trusting a verdict: photos that show too little, as Python sees it.

#ifndef LESION_QUALITY_H_
#define LESION_QUALITY_H_

#include <vector>

#include "postprocessing.h"
#include "preprocessing.h"

namespace lesion {

// Empty for most photos. `pixels` is what preprocess() gives for the image.
std::vector<Finding> findings_of(const Image& image, const Bytes& pixels);

}  // namespace lesion

#endif  // LESION_QUALITY_H_
