/** What browsers do, in the order of the tables. */
export const SCENARIOS = {
  new: { title: 'no cookie, session unused', method: 'GET', path: 'unused', isNew: true },
  unused: { title: 'valid cookie, session unused', method: 'GET', path: 'unused' },
  read: { title: 'read', method: 'GET', path: 'read' },
  write: { title: 'write', method: 'POST', path: 'write' },
  login: { title: 'login of a new visitor', method: 'POST', path: 'login', isNew: true },
};

/** Sizes of the data, in bytes. */
export const SIZES = [200, 2_000, 20_000];

/** What to measure: a new visitor has no data yet. */
export function casesFor({ scenarios, sizes }) {
  return Object.keys(SCENARIOS)
    .filter((name) => !scenarios?.length || scenarios.includes(name))
    .flatMap((name) => {
      const bytes = SCENARIOS[name].isNew
        ? [0]
        : SIZES.filter((size) => !sizes?.length || sizes.includes(size));
      return bytes.map((size, index) => ({
        scenario: name,
        bytes: size,
        isFirst: index === 0,
        ...SCENARIOS[name],
      }));
    });
}
