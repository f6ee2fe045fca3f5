/** The Worker that encrypts and decrypts frames. */
export {};
