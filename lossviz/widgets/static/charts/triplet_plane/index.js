// The triplet plane: each term as a dot, across by the distance of its positive, up by that of its negative.

import { createTripletPlane } from "./draw.js";
import { fits } from "./ends.js";
import { mask } from "./mask.js";
import { read } from "./read.js";

export const tripletPlane = { fits, read, mask, create: createTripletPlane };
