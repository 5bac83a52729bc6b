interface Known {
  email: string;
  /** Whether the password was right, but a new one is needed. */
  must: boolean;
}

const NOTHING: Known = { email: '', must: false };

let known = NOTHING;

/** What the sign-in page knows and the next page needs: in memory only, never in an address, and given out once. */
export const forgetful = {
  keep(email: string): void {
    known = { email, must: false };
  },

  mustReset(email: string): void {
    known = { email, must: true };
  },

  take(): Known {
    const taken = known;
    known = NOTHING;
    return taken;
  },
};
