import source from '../../../../packages/ui/src/theme.css?raw';
import type { Attachment } from 'svelte/attachments';
import type { Theme } from './contract';

export type Scheme = 'light' | 'dark';

/** The custom properties that a block of the sites' stylesheet sets. */
function properties(block: string): Array<[string, string]> {
  return [...block.matchAll(/(--[\w-]+):\s*([^;]+);/g)].map(([, name = '', value = '']) => [name, value]);
}

const [light = '', dark = ''] = source.split('@media (prefers-color-scheme: dark)');
const LIGHT = properties(light);
const DARK = properties(dark);

/** A colour of the sites' stylesheet, as `#rrggbb`. */
function token(scheme: Scheme, name: string): string {
  const block = scheme === 'dark' ? DARK : LIGHT;
  return block.find(([property]) => property === name)?.[1] ?? '';
}

const RADIUS = { square: '0px', rounded: '12px', round: '24px' } as const satisfies Record<
  Theme['corners'],
  string
>;

/** What texts and buttons in the brand colour stand on. */
const GROUNDS = [
  { name: 'the page', token: '--page' },
  { name: 'cards', token: '--surface' },
] as const;

/** What contrast the brand colour has to have with what it stands on (WCAG 2.2). */
export const NEEDED = 4.5;

export const isColour = (text: string): boolean => /^#[0-9a-f]{6}$/i.test(text);

function luminance(colour: string): number {
  const parts = [1, 3, 5].map((start) => Number.parseInt(colour.slice(start, start + 2), 16) / 255);
  const [red = 0, green = 0, blue = 0] = parts.map((part) =>
    part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The contrast of two colours: 1 for the same, 21 for black and white. */
export function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

/** How a brand colour stands out in a scheme, against each ground. */
export function contrasts(colour: string, scheme: Scheme): Array<{ name: string; ratio: number }> {
  return GROUNDS.map(({ name, token: ground }) => ({ name, ratio: contrast(colour, token(scheme, ground)) }));
}

/** Black or white, whichever is easier to read on it. */
const on = (colour: string) =>
  contrast(colour, '#000000') > contrast(colour, '#ffffff') ? '#000000' : '#ffffff';

/** Makes an element look as the clients' site does in that scheme with that theme. */
export function lookOf(scheme: Scheme, theme: Theme): Attachment<HTMLElement> {
  return (element) => {
    const dressed = { ...Object.fromEntries(LIGHT), ...(scheme === 'dark' && Object.fromEntries(DARK)) };
    const brand = scheme === 'dark' ? theme.brand_dark : theme.brand;
    const agency = isColour(brand)
      ? { '--brand': brand, '--brand-strong': brand, '--on-brand': on(brand) }
      : {};
    const whole = { ...dressed, ...agency, '--link': 'var(--brand)', '--radius': RADIUS[theme.corners] };
    for (const [name, value] of Object.entries(whole)) element.style.setProperty(name, value);
    element.style.setProperty('color-scheme', scheme);
  };
}
