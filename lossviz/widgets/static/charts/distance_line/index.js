// The distance line: every pair as a dot on the axis of distances (or of dot products …), on the curve of what it
// costs.

import { createDistanceLine } from "./draw.js";
import { mask } from "./mask.js";
import { fits, read } from "./read.js";

export const distanceLine = { fits, read, mask, create: createDistanceLine };
