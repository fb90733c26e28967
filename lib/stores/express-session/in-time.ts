/**
 * Waits for work no longer than so many milliseconds. The work itself goes on; what of it has not begun by then asks
 * `isLate`, and can leave it.
 */
export async function inTime<T>(timeout: number, work: (isLate: () => boolean) => Promise<T>): Promise<T> {
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      isOver = true;
      reject(new Error(`The express-session store has not answered within ${timeout} ms.`));
    }, timeout);
  });
  try {
    return await Promise.race([work(() => isOver), late]);
  } finally {
    clearTimeout(timer);
  }
}
