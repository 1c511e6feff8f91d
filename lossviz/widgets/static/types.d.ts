// The shapes of what goes through the explorer. Plain objects all; lossviz/widgets/spec.py writes the first part.

type Value = number | string | boolean | null | Value[];
type Nested = number | Nested[];
type Place = number[];

// ---- what stays: written by Python

interface Spec {
  name: string; // of this explorer, unique on its page
  losses: Record<string, LossSpec>;
  situations: SituationSpec[];
  dimension: number;
  compact: boolean; // the plane with its question, Play and the switch between losses, and nothing else
  engine: EngineSpec;
  film: Film | null; // a training that was watched: what Play plays from its start
}

interface Film {
  steps: number[]; // of the training, one for each frame
  frames: Frame[];
}

interface EngineSpec {
  name: "page" | "kernel";
  device: string;
}

interface LossSpec {
  chart: string; // the chart of its input type, or its own
  reads: string; // what its matrix holds: "distance", "cosine", "logit" …
  label: string; // the name of its argument of labels
  axes: string[]; // of its values
  parameters: Record<string, Value>;
  controls: ControlSpec[];
  variants: VariantSpec[];
  code: string; // its definition as a chapter prints it, empty where its source is not known
  cells: CellSpec[];
}

interface CellSpec {
  title: string;
  text: string | null; // Python with gaps: «the points», rows, labels, texts, classes; or a «parameter» or tensor
  says: Record<string, Record<string, string>>; // parameter → its value → how this cell writes it
  why: string; // in words, where there is no text
}

interface ControlSpec {
  name: string;
  symbol: string;
  meaning: string;
  minimum: number | null;
  maximum: number | null;
  step: number | null;
  choices: Value[]; // empty for a slider
  needs: string | null; // the parameter without which it does nothing
}

interface VariantSpec {
  choices: Record<string, Value>; // the parameters that this variant is lowered for
  count: number; // of arguments
  shape: "circle" | "free"; // circle: the loss sees directions only
  formulas: Record<string, string> | null; // kind of a term → what it adds, with names in braces
  push: string | null; // how hard a term pushes, and pulls, what it reads
  inputs: string[];
  tensors: Record<string, Nested>; // what is trained beside the points, untrained
  blocks: string[][]; // the columns of a matrix of logits: a list for each sum, of who searches for whom
  module: string | null;
  value: string | null; // the module of the loss alone
}

interface SituationSpec {
  name: string;
  title: string;
  sentences: Sentence[];
  rows: Record<string, number[]>;
  labels: number[] | null;
  classes: string[];
  chosen: number;
  watched: number | null;
  loss: string | null; // the loss that it is about, if it is about one
  question: QuestionSpec | null;
  symptom: string | null;
  cures: CureSpec[];
  starts: Record<string, Start>; // by the name of each loss that takes it
}

interface Sentence {
  text: string;
  short: string; // as the plane has room for
}

interface Start {
  parameters: Record<string, Value>;
  tensors: Record<string, Nested>;
  points: Place[];
}

interface QuestionSpec {
  kind: "choice" | "terms" | "draw" | "place" | "reach";
  prompt: string;
  reveal: string;
  options: string[];
  replies: string[]; // one for each option, empty for the right one; none of a reader's own question
  answer: number | null; // of a choice that no number decides
  keys: ConditionSpec[]; // else when each option is right
  point: number | null; // that is drawn, or placed
  truth: "rest" | "hardest" | null; // what is asked of a place
  pushing: string | null; // the letters of the term whose push is asked about
  goal: ConditionSpec[]; // of what is to be reached
  movable: number[]; // points
  settable: string[]; // parameters
  shown: boolean | null; // whether all stays in sight while it waits; null for what its kind does
  moves: Record<number, Place>;
  parameters: Record<string, Value>;
  situation: string | null;
}

interface QuantitySpec {
  name: string; // a key of QUANTITIES in quantities.js
  terms: string[]; // the letters that those of a term begin with
  points: number[];
}

interface ConditionSpec {
  quantity: QuantitySpec;
  relation: "below" | "above" | "equals" | "nearest" | "falls" | "stays" | "rises" | "largest";
  value: number | null;
}

interface CureSpec {
  title: string;
  moves: Record<number, Place>;
  parameters: Record<string, Value>;
  loss: string | null;
  situation: string | null;
}

// ---- what moves

// What lasts: all that Python knows of a state, and all that an address would have to name.
interface Lasting {
  loss: string;
  parameters: Record<string, Value>;
  tensors: Record<string, Nested>; // what the loss trains beside the points
  situation: number; // index into spec.situations
  points: Place[]; // one for each sentence
}

// What passes: it begins anew whenever an explorer does.
interface Passing {
  chosen: number; // the point whose loss is drawn behind it
  lit: Lit | null; // what is touched
  view: string; // beside the plane: one of VIEWS in state.js
  trains: boolean; // whether Step and Play train the tensors too
  pace: number; // the reader's multiple of the step size that is found, 0.1 to 10
  speed: number; // of Play
  magnified: number; // how many times longer the arrows are drawn
  playing: boolean;
  origin: Place[]; // where the points stood when the run began: since the last move by hand
  run: Run | null; // computed from there; null until Step or Play wants it
  at: number; // the frame of it that is shown: so many steps were taken
  runs: { loss: string; rate: number; losses: number[] }[]; // of other losses from the same origin
  posed: number | null; // index of the situation whose question is asked, or was answered; null for none
  named: string[]; // parameters that the last link to name any named
  notes: string[]; // on what a link asked for and there is not
  asked: boolean; // whether that question waits for its answer
  guess: number | number[] | true | null; // the answer: an option, indices of terms, an arrow, a place; true: reached
  refused: number | string | null; // what one tried to move though the question leaves it fixed
  past: boolean; // moved by hand since the answer, of which the verdict tells no more
}

type State = Lasting & Passing;

// Gradient descent at one step size, all of it.
interface Run {
  rate: number | null; // the step size; null of a film
  steps?: number[]; // of a film: those of the training, one for each frame
  frames: Frame[];
  rises: number; // steps at which the loss rises; 0 if that does not matter
  jumps: number; // steps at which it changes by more than its slope tells: other terms count from there
  when: number[]; // the share of the time of Play at which each frame is due
  ended: "still" | "arrived" | "falling" | "restless" | "apart" | "filmed"; // restless: neither arrived nor falling
}

interface Frame {
  points: Place[];
  tensors: Record<string, Nested>;
  loss: number;
}

interface Lit {
  kind: "point" | "term" | "pair";
  index: number;
}

// ---- what follows from it

interface Result {
  loss: number;
  rowGradients: Record<string, Float64Array>; // by argument, and by tensor
  pointGradients: number[][];
  terms: TermsOf;
  shapes: ShapesOf;
}

// The fields of lossviz.Terms, each laid out flat; a number where torch has a tensor without dimensions.
interface TermsOf {
  matrix: Float64Array;
  positive: Float64Array;
  negative: Float64Array;
  valid: Float64Array;
  active: Float64Array;
  values: Float64Array;
  pulls: Float64Array;
  chosen: Record<string, Float64Array>;
  thresholds: Record<string, number>;
  numbers: Record<string, Float64Array | number>; // of a shape that broadcasts to that of the values
  shares: Record<string, Float64Array>; // "row", and "column" where each column is a softmax too
}

interface ShapesOf {
  matrix: number[];
  values: number[];
  numbers: Record<string, number[]>;
  shares: Record<string, number[]>;
}

// Everything that a view is a function of; made once for each frame.
interface Scene {
  spec: Spec;
  state: State;
  result: Result;
  reading: Reading;
  situation: SituationSpec;
  loss: LossSpec;
  variant: VariantSpec;
  rate: number; // how long an arrow is for each unit of the gradient, not magnified
  shape: "circle" | "free";
  lit: Set<number> | null; // indices of the terms that are lit
  litPoints: Set<number> | null;
}

interface Reading {
  loss: number;
  terms: Term[]; // those that the labels allow
  ranked: Term[]; // those that add something, largest first
  classes: number[] | null; // of each point, where sentences have labels of their own
  measures: string;
  caption: string;
  chart: string; // the chart that can show it, or "none"
}

// What a term is before anyone tells whom it concerns.
interface BareTerm {
  index: number; // its place in the values, laid out flat
  place: number[]; // its index on each axis
  value: number;
  valid: boolean;
  active: boolean;
  pairs: number[]; // the rows of the batch that it concerns as pairs
  numbers: Record<string, number>; // of the printed formula
}

interface Term extends BareTerm {
  points: number[]; // the sentences it concerns, its owner first
  links: Link[];
  kind: "positive" | "negative" | "both" | "triplet" | "class" | "anchor" | "term";
  letters: string; // its points in short
  words: { who(term: Term): string; note(term: Term): string }; // made when they are read
  who: string; // its sentences by name
  formula: string | null; // what it adds, in numbers; null for nothing
  note: string; // one sentence about it
  reach?: { from: number; to: number } | null; // whose distance from whom decides which negatives are semi-hard
}

interface Link {
  from: number;
  to: number;
  side: "positive" | "negative" | "both" | "class";
  weight: number;
}

// What a reading is made of.
interface Given {
  spec: Spec;
  state: State;
  situation: SituationSpec;
  loss: LossSpec;
  variant: VariantSpec;
  result: Result;
}

// ---- views, charts, engines

interface View {
  root: Element;
  measure?(): void; // reads the sizes that the page gave it
  draw(scene: Scene): void;
}

// One chart and all that belongs to it; charts/index.js lists them.
interface Chart {
  fits(given: Given): boolean; // whether it can show this loss
  // Whom the terms concern, in numbers and words; generic(term) tells what any chart could.
  read(given: Given, terms: BareTerm[], generic: (term: BareTerm) => Term): Term[];
  create(spec: Spec, engine: Engine, actions: Actions): View;
  mask(scene: Scene): Table;
}

interface Table {
  columns: [name: string, meaning: string][];
  rows: Row[];
  note?: string;
  groups?: [name: string, width: number][];
}

interface Row {
  index: number | null; // the term that it stands for
  terms?: number[]; // those in it, where there are several
  cells: Cell[];
  look: string; // its classes
}

interface Cell {
  words: string;
  said?: string; // to those who do not see the words
  look?: string;
  head?: boolean; // names its row
}

interface Actions {
  move(index: number, position: Place): void;
  choose(index: number): void;
  light(lit: Lit | null): void;
  open(view: string): void;
  setParameter(name: string, value: Value): void;
  answer(guess?: number | true | null): void;
  mark(index: number): void;
  sketch(drawn: Place): void;
  demonstrate(): void;
  forget(): void;
  cure(cure: CureSpec): void;
  switchLoss(name: string): void;
  setPace(pace: number): void;
  setSpeed(speed: number): void;
  magnify(times: number): void;
  scrub(at: number): void;
  train(trains: boolean): void;
  enter(index: number): void;
  reset(): void;
  step(): void;
  play(): void;
}

interface Engine {
  ready(state: State): Promise<void>;
  evaluate(state: State, done: (result: Result) => void): void;
  answer(question: Question, signal?: AbortSignal): Promise<Answer[] | null>;
  ask(message: Message): Promise<Reply>; // what Python says; without a kernel it never does
}

// What goes to Python, with an id that comes back beside the reply.
type Message = { question: Question } | { library: "plotly" };
type Reply = { answer: Answer[] } | { library: string }; // the text of its script

interface Question {
  state: State; // its loss, parameters and tensors
  points: Place[];
  rows: Record<string, number[]>;
  labels: number[] | null;
  moving?: { point: number; positions: Place[] }; // one answer for each position: the point stands there
  terms?: number[]; // one answer for each, with moving just one: the gradient of that term's pull; −1 for the loss
  gradients?: boolean;
  descent?: Descent; // one answer for each frame of a run, until it ends
  felt?: boolean; // whether only terms that move a point are active
  keep?: string[][]; // paths of what to keep, [["loss"], ["terms", "matrix"]]; default: all
}

interface Descent {
  rate: number;
  steps: number; // at most
  shape: "circle" | "free";
  trains: boolean;
  least: number; // a step that moves nothing so far is not taken any more
  farthest: number; // nor one from where a point is beyond this
}

interface Answer {
  loss?: number;
  gradients?: Record<string, Float64Array>;
  terms?: Partial<TermsOf>;
  shapes?: Partial<ShapesOf>;
  points?: Place[]; // of a frame
  tensors?: Record<string, Nested>;
}

// The door to an explorer on a page: `document.querySelector(".lossviz-explorer").explorer`.
interface Door {
  name: string;
  spec: Spec;
  readonly state: State;
  readonly result: Result | null;
  readonly scene: Scene | null;
  readonly address: string; // of the state as it is now
  change(state: State): void;
  follow(address: string): Promise<void>; // resolves when its steps are taken, or Play has begun
}
