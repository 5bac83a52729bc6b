/** What the sign-in page knows and the next page needs: in memory only, never in an address. */
export const forgetful = {
  email: '',
  /** Whether the password was right, but a new one is needed. */
  must: false,

  keep(email: string): void {
    this.email = email;
    this.must = false;
  },

  mustReset(email: string): void {
    this.email = email;
    this.must = true;
  },
};
