// What speaks against trusting a verdict, as in edge_runtime/photos/quality.py. The JavaScript
// beside this file is that of the toolkit's own pages, unchanged.

import {SIZE_PX} from "../lesion/constants.js";
import type {Finding} from "../lesion/postprocessing.js";
import type {Image} from "../lesion/preprocessing.js";
import {photoFindings} from "./quality.js";

/** Empty for most photos. `pixels` is what preprocess() gives; words are yours to add. */
export function findingsOf(image: Image, pixels: Uint8Array): Finding[] {
  return photoFindings(image, pixels, SIZE_PX, (key: string) => key) as Finding[];
}
