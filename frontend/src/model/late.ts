// Whether an answer that was on its way is older than what was pushed meanwhile.

/** The greatest numbers pushed while an answer was on its way. */
export interface Heard {
  version: number;
  revision: number;
}

export const NOTHING_HEARD: Heard = { version: -1, revision: -1 };

export function heardToo(heard: Heard, news: Partial<Heard>): Heard {
  return {
    version: Math.max(heard.version, news.version ?? -1),
    revision: Math.max(heard.revision, news.revision ?? -1),
  };
}

/**
 * What the page shows is not compared, only what came meanwhile: a server that was started again counts from the
 * beginning, and its low numbers are the newer ones.
 */
export function isLate(answer: { version: number; revision: number | null }, heard: Heard): boolean {
  return heard.version > answer.version || heard.revision > (answer.revision ?? -1);
}
