/**
 * The same question for puppeteer's waitForFunction, where what is not on the page yet is a no. A question that throws ends its waiting in
 * silence, and it goes on until its time is over.
 */
export const patient = (fn) =>
  new Function(`return async (...args) => {
    try {
      return await (${fn})(...args);
    } catch (e) {
      if (e instanceof TypeError) return false;
      throw e;
    }
  }`)();
