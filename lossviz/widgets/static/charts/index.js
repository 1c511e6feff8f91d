// The charts by name, a folder each: whether it fits a loss, how it reads its terms, how it is drawn, and its mask.

import { classRegions } from "./class_regions/index.js";
import { distanceLine } from "./distance_line/index.js";
import { scoreMatrix } from "./score_matrix/index.js";
import { scorePlane } from "./score_plane/index.js";
import { tripletPlane } from "./triplet_plane/index.js";

export const CHARTS = {
  distance_line: distanceLine,
  triplet_plane: tripletPlane,
  score_plane: scorePlane,
  class_regions: classRegions,
  score_matrix: scoreMatrix,
};
