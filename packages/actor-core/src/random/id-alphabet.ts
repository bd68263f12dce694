/** Letters of an identifier, and how many it has: 24 of 36, about 124 bits. */
export const idAlphabet = '0123456789abcdefghijklmnopqrstuvwxyz';
export const idLength = 24;
