import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

const RESULTS = resolve(import.meta.dirname, '../results');

/** Prints a page of results, and writes it to a file, by its name alone into `results/`. */
export function saveResults({ text, file }) {
  console.log(`\n${text}\n`);
  if (file) {
    const path = resolve(file.includes('/') ? process.cwd() : RESULTS, file);
    mkdirSync(resolve(path, '..'), { recursive: true });
    writeFileSync(path, `${text}\n`);
    console.log(`Written to ${path}`);
  }
}

/** A table in Markdown; columns but the first are to the right. */
export function table(head, rows) {
  const cells = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column].length)));
  const line = (row) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(cells[0]), rule, ...cells.slice(1).map(line)].join('\n');
}

export const whole = (value) => Math.round(value).toLocaleString('en-US');
export const times = (value) => `${value.toFixed(2)}×`;
