// The score plane: every pair by its score and its similarity, and what becomes of it alone or among the others.

import { createScorePlane } from "./draw.js";
import { mask } from "./mask.js";
import { fits, read } from "./read.js";

export const scorePlane = { fits, read, mask, create: createScorePlane };
