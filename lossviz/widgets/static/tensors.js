// Tensors that a loss trains beside the points, as nested lists: a matrix of weights, a list of biases.

export const shape = (tensor) => (Array.isArray(tensor) ? [tensor.length, ...shape(tensor[0])] : []);

export const flat = (tensor) => Float64Array.from(tensor.flat(Infinity));

// One step against a gradient that is laid out flat.
export function descended(tensor, gradient, rate, start = 0) {
  if (!Array.isArray(tensor)) return tensor - rate * gradient[start];
  const size = shape(tensor).slice(1).reduce((product, length) => product * length, 1);
  return tensor.map((part, k) => descended(part, gradient, rate, start + k * size));
}
