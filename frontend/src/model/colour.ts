// Colours come from users' legends: nothing but a hex colour may reach a style.

export const OUTSIDE_LEGEND = "#ffffff";

/** The colour as #rrggbb, or white when it is anything else. */
export function hexColour(colour: string | undefined): string {
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(colour ?? "");
  if (short) return `#${[1, 2, 3].map((part) => `${short[part]}${short[part]}`).join("")}`.toLowerCase();
  return colour !== undefined && /^#[0-9a-f]{6}$/i.test(colour) ? colour.toLowerCase() : OUTSIDE_LEGEND;
}

/** Relative luminance, 0 (black) to 1 (white), by WCAG 2. */
export function luminance(colour: string): number {
  const hex = hexColour(colour);
  const linear = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (linear[0] ?? 0) + 0.7152 * (linear[1] ?? 0) + 0.0722 * (linear[2] ?? 0);
}

/** Black or white, whichever reads better on the colour. */
export function inkOn(colour: string): "#000000" | "#ffffff" {
  const light = luminance(colour);
  return (light + 0.05) / 0.05 >= 1.05 / (light + 0.05) ? "#000000" : "#ffffff";
}
