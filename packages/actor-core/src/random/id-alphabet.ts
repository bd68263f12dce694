/** Characters of an identifier, and its length: 24 of 36 characters, about 124 bits. */
export const idAlphabet = '0123456789abcdefghijklmnopqrstuvwxyz';
export const idLength = 24;
