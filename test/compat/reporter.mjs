/** A reporter of node:test: a line of JSON for every test that has ended, and for every suite that was skipped. */
export default async function* report(events) {
  /** The titles that enclose a test, by depth. */
  const titles = [];
  for await (const { type, data } of events) {
    if (type === 'test:start') {
      titles.splice(data.nesting, Infinity, data.name);
    } else if (type === 'test:pass' || type === 'test:fail') {
      const line = lineOf(type, data, [...titles.slice(0, data.nesting), data.name]);
      if (line) yield `${JSON.stringify(line)}\n`;
    }
  }
}

function lineOf(type, { skip, details }, titles) {
  const title = titles.join(': ');
  if (skip !== undefined && skip !== false) return { status: 'skipped', title, reason: String(skip) };
  if (type === 'test:fail') {
    const { error } = details;
    // A suite fails with its tests, which have told why.
    if (error?.failureType === 'subtestsFailed') return undefined;
    return { status: 'failed', title, reason: String(error?.cause?.stack ?? error?.cause ?? error) };
  }
  return details.type === 'suite' ? undefined : { status: 'passed', title };
}
