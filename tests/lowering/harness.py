"""Running a lowered module in the browser, and the same loss in eager torch, which knows nothing of the lowering."""

import base64
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

# Each case's arrays come back end to end, as bytes: the cubes of 32 sentences are too long for JSON.
SCRIPT = """
const numbers = (text) => new Float64Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
const isLeaf = (tree) => typeof tree === "number" || tree instanceof Float64Array;
const flat = (tree) => (isLeaf(tree) ? [tree] : Object.values(tree).flatMap(flat));
function text(arrays) {
  const all = new Float64Array(arrays.flatMap((each) => (typeof each === "number" ? [each] : [...each])));
  const bytes = new Uint8Array(all.buffer);
  let letters = "";
  for (let i = 0; i < bytes.length; i += 8192) letters += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(letters);
}
async function load(code) {
  return import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
}
// Asked again: an object that has just been asked for another term, and one since which another batch was.
function checkAgain(evaluate, { term, ...inputs }) {
  const found = (result) => flat(result).flatMap((each) => (typeof each === "number" ? [each] : [...each]));
  const expected = found(evaluate({ ...inputs, term }));
  const doubled = ([name, value]) => [name, typeof value === "number" ? value : value.map((each) => 2 * each)];
  const other = Object.fromEntries(Object.entries(inputs).map(doubled));
  for (const before of [() => evaluate(inputs), () => evaluate(other)]) {
    before();
    const again = found(evaluate.again(Object.assign(inputs, { term })));
    const same = again.length === expected.length && again.every((each, k) => Object.is(each, expected[k]));
    if (!same) throw new Error(`again, term ${term} is another`);
    delete inputs.term;
  }
}
const wayOf = (rows) => rows.map((_, k) => Math.cos(k + 1));
async function runAll([code, cases]) {
  const { create } = await load(code);
  const made = {};
  return cases.map(({ shapes, arrays, scalars, rows }) => {
    const evaluate = (made[JSON.stringify(shapes)] ??= create(shapes));
    const inputs = { ...scalars };
    for (const name in arrays) inputs[name] = numbers(arrays[name]);
    if ("term" in inputs) checkAgain(evaluate, inputs);
    const found = { numbers: text(flat(evaluate(inputs))), shapes: evaluate.shapes };
    const ways = Object.fromEntries(rows.map((name) => [name, wayOf(inputs[name])]));
    return evaluate.along ? { ...found, along: text([evaluate.along(ways)]) } : found;
  });
}
async function complaint([code, shapes, inputs]) {
  const { create } = await load(code);
  try {
    const evaluate = create(shapes);
    const arrays = (value) => (Array.isArray(value) ? new Float64Array(value) : value);
    if (inputs) evaluate(Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, arrays(value)])));
    return null;
  } catch (error) {
    return error.message;
  }
}
"""


@dataclass(frozen=True)
class Batch:
    """One case: a loss with its parameters, its tensors, and what to call it when it fails; ``term`` is that whose pull
    is differentiated, −1 for the loss."""

    name: str
    loss: object
    tensors: tuple[Tensor, ...]
    term: int = -1

    @property
    def arguments(self) -> tuple[str, ...]:
        return self.loss.inputs.fitted(len(self.tensors)).arguments

    @property
    def rows(self) -> tuple[str, ...]:
        return self.loss.inputs.fitted(len(self.tensors)).rows

    def inputs(self) -> dict[str, Tensor]:
        """All inputs of the lowered module by name."""
        values = {each.name: getattr(self.loss, each.name) for each in fields(self.loss)}
        free = {name: value for name, value in values.items() if isinstance(value, (float, Tensor))}
        return dict(zip(self.arguments, self.tensors, strict=True)) | {
            name: torch.as_tensor(value, dtype=torch.float64) for name, value in free.items()
        }


def _case(batch: Batch) -> dict:
    inputs = batch.inputs()
    arrays = {name: tensor for name, tensor in inputs.items() if tensor.ndim}
    return {
        "shapes": {name: list(tensor.shape) for name, tensor in arrays.items()},
        "arrays": {
            name: base64.b64encode(tensor.double().numpy().tobytes()).decode() for name, tensor in arrays.items()
        },
        "scalars": {name: tensor.item() for name, tensor in inputs.items() if not tensor.ndim}
        | ({} if batch.term < 0 else {"term": batch.term}),
        "rows": batch.rows,
    }


def in_javascript(page, code: str, batches: list[Batch]) -> list[dict[str, np.ndarray]]:
    """For each batch, every output of the lowered module by its path ("terms matrix")."""
    return [_unpacked(_numbers(each["numbers"]), each["shapes"]) for each in _answers(page, code, batches)]


def along_in_javascript(page, code: str, batches: list[Batch]) -> list[np.ndarray]:
    """For each batch, how every pull changes as the numbers of all rows move by ``ways``."""
    return [_numbers(each["along"]) for each in _answers(page, code, batches)]


def ways(rows: np.ndarray) -> np.ndarray:
    return np.cos(np.arange(1, rows.size + 1)).reshape(rows.shape)


def _answers(page, code: str, batches: list[Batch]) -> list[dict]:
    return page.evaluate("runAll", [code, [_case(batch) for batch in batches]])


def _numbers(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text))


def _unpacked(numbers: np.ndarray, shapes: dict) -> dict[str, np.ndarray]:
    outputs, start = {}, 0
    for path, shape in _paths(shapes):
        length = int(np.prod(shape))
        outputs[path] = numbers[start : start + length].reshape(shape)
        start += length
    assert start == len(numbers), "evaluate.shapes does not say the size of what evaluate returns"
    return outputs


def _paths(tree: object, path: str = "") -> list[tuple[str, object]]:
    if not isinstance(tree, dict):
        return [(path, tree)]
    return [leaf for key, branch in tree.items() for leaf in _paths(branch, f"{path} {key}".strip())]


def in_torch(batch: Batch) -> dict[str, np.ndarray]:
    """The same outputs from ``complete`` and autograd."""
    inputs = {name: tensor.detach().clone() for name, tensor in batch.inputs().items()}
    wanted = [n for n in inputs if n in batch.rows or isinstance(getattr(batch.loss, n, None), Tensor)]
    for name in wanted:
        inputs[name].requires_grad_()
    tensors = [inputs[name] for name in batch.arguments]
    parameters = {name: tensor for name, tensor in inputs.items() if name not in batch.arguments}
    terms = _replaced(batch.loss, parameters).complete(*tensors)
    pull = terms.loss if batch.term < 0 else terms.pulls.flatten()[batch.term]
    if pull.requires_grad:
        found = torch.autograd.grad(pull, [inputs[name] for name in wanted], allow_unused=True)
    else:
        found = [None for _ in wanted]
    gradients = {n: torch.zeros_like(inputs[n]) if g is None else g for n, g in zip(wanted, found, strict=True)}
    parts = {each.name: getattr(terms, each.name) for each in fields(terms) if each.name != "loss"}
    tree = {"loss": terms.loss, "gradients": gradients, "terms": parts}
    return {path: tensor.detach().double().numpy() for path, tensor in _paths(tree)}


def _replaced(loss: object, parameters: dict[str, Tensor]) -> object:
    values = {each.name: getattr(loss, each.name) for each in fields(loss)}
    return type(loss)(**(values | parameters))
