// One subject of the store benchmark, in a process of its own, so that none finds the heap of another.
import 'reflect-metadata';
import { obeyParent } from './child.mjs';

const { subject } = JSON.parse(process.argv[2]);
const { run } = await import(`../store/${subject}.mjs`);

obeyParent({ run });
