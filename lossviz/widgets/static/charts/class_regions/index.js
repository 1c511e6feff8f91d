// The class regions: what a classifier gives every pair, and would give one wherever its second sentence stood.

import { createClassRegions } from "./draw.js";
import { mask } from "./mask.js";
import { fits, read } from "./read.js";

export const classRegions = { fits, read, mask, create: createClassRegions };
