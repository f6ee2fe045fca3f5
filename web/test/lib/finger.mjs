/** Draws a finger over a person's page along `points`, in steps as a finger makes; lets go unless `held`. */
export async function drag({ page }, points, { held = false } = {}) {
  const [[x, y], ...rest] = points;
  const finger = await page.touchscreen.touchStart(x, y);
  let at = [x, y];
  for (const [toX, toY] of rest) {
    for (let i = 1; i <= 6; i++) await finger.move(at[0] + ((toX - at[0]) * i) / 6, at[1] + ((toY - at[1]) * i) / 6);
    at = [toX, toY];
  }
  if (!held) await finger.end();
  return finger;
}
