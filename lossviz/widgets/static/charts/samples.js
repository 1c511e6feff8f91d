// What charts need that ask a loss about batches of their own.

// A place of the plane in as many dimensions as the batch has.
export const inDimension = (dimension, place) => Array.from({ length: dimension }, (_, axis) => place[axis] ?? 0);
