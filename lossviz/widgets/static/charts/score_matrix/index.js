// The score matrix: who finds whom among all candidates of the batch.

import { createScoreMatrix } from "./draw.js";
import { mask } from "./mask.js";
import { fits, read } from "./read.js";

export const scoreMatrix = { fits, read, mask, create: createScoreMatrix };
