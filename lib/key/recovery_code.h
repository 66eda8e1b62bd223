/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A recovery code: 26 random symbols of five bits and two that check them,
 * as people write it, "7K9M-...": seven groups of four, Crockford's
 * base 32.
 */
#ifndef KEY_RECOVERY_CODE_H
#define KEY_RECOVERY_CODE_H

#include <stdbool.h>
#include <stddef.h>

#define RECOVERY_SYMBOLS 28
#define RECOVERY_DATA 26
#define RECOVERY_GROUP 4
#define RECOVERY_TEXT (RECOVERY_SYMBOLS + RECOVERY_SYMBOLS / RECOVERY_GROUP - 1)

/* Symbols as numbers from 0 to 31; puts the last two. */
void recovery_check(unsigned char symbols[RECOVERY_SYMBOLS]);
/* With dashes and a NUL. */
void recovery_write(
    const unsigned char symbols[RECOVERY_SYMBOLS], char ret[RECOVERY_TEXT + 1]);

enum recovery_fault {
	RECOVERY_OK,
	RECOVERY_STRANGE,  /* a character that no code has */
	RECOVERY_LENGTH,   /* *ret_where: how many symbols there are */
	RECOVERY_MISTYPED, /* *ret_where: the likely group from 1, 0: unknown */
};
/*
 * What somebody typed: any case, dashes and blanks anywhere or nowhere, I
 * and L for 1, O for 0, U for V.
 */
enum recovery_fault recovery_read(const char *text, size_t len,
    unsigned char ret[RECOVERY_SYMBOLS], size_t *ret_where);
/* Long enough and of nothing else: no passphrase looks so by chance. */
bool recovery_looks_like(const char *text, size_t len);

#endif
