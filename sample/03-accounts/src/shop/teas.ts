/** The assortment. Names and notes are in the dictionary; prices are in cents. */
export const teas = [
  { id: 'sencha', price: 1190, grams: 100 },
  { id: 'jasmine', price: 1490, grams: 80 },
  { id: 'oolong', price: 1680, grams: 80 },
  { id: 'darjeeling', price: 1350, grams: 100 },
  { id: 'assam', price: 980, grams: 125 },
  { id: 'rooibos', price: 790, grams: 125 },
  { id: 'mint', price: 690, grams: 60 },
  { id: 'hibiscus', price: 740, grams: 100 },
] as const;

export type Tea = (typeof teas)[number];
export type TeaId = Tea['id'];

/** By id, for `ParseEnumPipe`. */
export const teaIds = Object.fromEntries(teas.map(({ id }) => [id, id])) as { [Id in TeaId]: Id };
