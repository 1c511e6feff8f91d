// A term with more to tell. Words are made when they are read, for a batch can have hundreds of terms: what is a getter
// stays one.

const { getOwnPropertyDescriptors: described } = Object;

export const told = (term, more) => Object.defineProperties({}, { ...described(term), ...described(more) });
