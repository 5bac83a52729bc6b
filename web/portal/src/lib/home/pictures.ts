/** Address of one of our own pictures for a tile, by its number among the agency's choices. */
export const pictureOf = (tile: string, choice: number): string => `/tiles/${tile}/${choice}.svg`;
