// What a chart adds to a generic term, or says better. Words are made when they are read, for a batch can have
// hundreds of terms: what is a getter stays one.

export function told(term, more) {
  for (const name of Object.keys(more)) Object.defineProperty(term, name, Object.getOwnPropertyDescriptor(more, name));
  return term;
}
