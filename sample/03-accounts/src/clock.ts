/**
 * The clock of the application and of its sessions, in milliseconds. For its tests the sample takes `CLOCK_SHIFT`, in
 * seconds: a process with a shift of 600 sees what everything looks like ten minutes later, and nobody has to wait.
 */
export function now(): number {
  return Date.now() + shift;
}

const shift = Number(process.env.CLOCK_SHIFT ?? 0) * 1000;
