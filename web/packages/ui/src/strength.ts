/** How a password looks from outside: its length and variety. Whether it can be guessed the server judges. */
export type Strength = 'none' | 'short' | 'plain' | 'good' | 'strong';

/** Characters as the server counts them. */
export const lengthOf = (password: string): number => [...password].length;

/** Judges a password while it is typed. */
export function strengthOf(password: string, minimum: number): Strength {
  const length = lengthOf(password);
  if (length === 0) return 'none';
  if (length < minimum) return 'short';
  const different = new Set(password.toLowerCase()).size;
  if (different < 8 || repeats(password.toLowerCase())) return 'plain';
  return length >= minimum + 5 && different >= 12 ? 'strong' : 'good';
}

/** Whether half of it or more says again what was there before, or counts on from it, as "abcabc" or "123456". */
function repeats(password: string): boolean {
  const characters = [...password];
  const dull = characters.filter((character, index) => {
    const before = characters[index - 1];
    if (before === undefined) return false;
    const step = (character.codePointAt(0) ?? 0) - (before.codePointAt(0) ?? 0);
    const pair = before + character;
    return Math.abs(step) <= 1 || password.indexOf(pair) < password.lastIndexOf(pair, index - 1);
  });
  return dull.length * 2 >= characters.length;
}
