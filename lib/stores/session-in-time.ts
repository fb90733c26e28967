/**
 * Waits for work no longer than so many milliseconds, and fails with `message` then. The work itself goes on; what of it
 * has not begun by then asks `isLate`, and can leave it.
 */
export async function inTime<T>(
  timeout: number,
  message: string,
  work: (isLate: () => boolean) => Promise<T>,
): Promise<T> {
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      isOver = true;
      reject(new Error(message));
    }, timeout);
  });
  try {
    return await Promise.race([work(() => isOver), late]);
  } finally {
    clearTimeout(timer);
  }
}
