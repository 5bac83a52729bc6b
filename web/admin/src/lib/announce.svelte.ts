interface Said {
  text: string;
  /** Tells one from the next, even when they say the same. */
  turn: number;
}

let said = $state.raw<Said>({ text: '', turn: 0 });

/** What has just happened, for everyone who looks or listens. */
export const announcement = {
  get current(): Said {
    return said;
  },
  clear(): void {
    said = { text: '', turn: said.turn + 1 };
  },
};

/** Says that something is done: shown for a while, read out by screen readers. The focus stays where it is. */
export function announce(text: string): void {
  said = { text, turn: said.turn + 1 };
}
