/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables for people: columns aligned by what a terminal shows, not by bytes.
 * A long table is written in pieces, so that memory stays flat; widths only
 * grow from piece to piece.
 */
#include <string.h>
#include "cli.h"

#define ROWS_AT_ONCE 512
#define CELL_MAX 200
#define BAR_CELLS 10

struct range {
	uint32_t from, to;
};

static const struct range zero_wide[] = {{0x300, 0x36f}, {0x483, 0x489},
    {0x591, 0x5bd}, {0x610, 0x61a}, {0x64b, 0x65f}, {0x1ab0, 0x1aff},
    {0x1dc0, 0x1dff}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f},
    {0xfe20, 0xfe2f}};
static const struct range double_wide[] = {{0x1100, 0x115f}, {0x2e80, 0x303e},
    {0x3041, 0xa4cf}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f},
    {0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff},
    {0x20000, 0x3fffd}};

static bool
in_ranges(uint32_t c, const struct range *r, size_t n)
{
	for (; n > 0; r++, n--)
		if (c >= r->from && c <= r->to)
			return true;
	return false;
}

#define IN(c, table) in_ranges(c, table, sizeof(table) / sizeof((table)[0]))

/* s is valid UTF-8: it comes from str_clean(). */
static uint32_t
next_character(const char *s, size_t len, size_t *at)
{
	unsigned char first = (unsigned char)s[(*at)++];
	uint32_t c = first < 0xc0   ? first
		     : first < 0xe0 ? first & 0x1fu
		     : first < 0xf0 ? first & 0x0fu
				    : first & 0x07u;

	while (*at < len && ((unsigned char)s[*at] & 0xc0) == 0x80)
		c = c << 6 | ((unsigned char)s[(*at)++] & 0x3fu);
	return c;
}

size_t
text_width(const char *s, size_t len)
{
	size_t width = 0, at = 0;

	while (at < len) {
		uint32_t c = next_character(s, len, &at);

		if (c < 0x300)
			width++;
		else if (!IN(c, zero_wide))
			width += IN(c, double_wide) ? 2 : 1;
	}
	return width;
}

void
table_cell(struct table *t, enum colour colour, const char *text)
{
	size_t start, column = t->n++ % t->columns, width;

	buf_put_byte(&t->cells, (unsigned char)('0' + colour));
	start = t->cells.len;
	if (text)
		str_clean(&t->cells, text, strlen(text), CELL_MAX);
	if (t->cells.failed)
		return;
	width = text_width((char *)t->cells.data + start, t->cells.len - start);
	if (width > t->width[column])
		t->width[column] = width;
	buf_put_byte(&t->cells, '\0');
}

void
table_cell_buf(struct table *t, enum colour colour, const struct buf *text)
{
	t->cells.failed |= text->failed;
	table_cell(t, colour, buf_str(text));
}

int
table_row_end(struct table *t)
{
	return t->n < ROWS_AT_ONCE * t->columns ? TOKENWARD_OK : table_flush(t);
}

/* One cell and its padding; returns what follows the cell. */
static const char *
put_cell(struct table *t, const char *cell, bool last)
{
	enum colour colour = (enum colour)(*cell++ - '0');
	size_t len = strlen(cell), width = text_width(cell, len);

	buf_put_str(&cli.out, colour_on(colour));
	buf_put(&cli.out, cell, len);
	buf_put_str(&cli.out, colour_off(colour));
	if (last)
		buf_put_str(&cli.out, "\n");
	else
		buf_printf(&cli.out, "%*s", (int)(t->width[0] - width + 2), "");
	return cell + len + 1;
}

/* Trailing empty cells of a row leave no blanks behind. */
static const char *
put_row(struct table *t, const char *cell)
{
	size_t last = 0;
	const char *p = cell;
	struct table one = *t;

	for (size_t i = 0; i < t->columns; i++, p += strlen(p) + 1)
		if (p[1])
			last = i;
	for (size_t i = 0; i <= last; i++) {
		one.width[0] = t->width[i];
		cell = put_cell(&one, cell, i == last);
	}
	return p;
}

int
table_flush(struct table *t)
{
	const char *cell = (const char *)t->cells.data;

	if (t->cells.failed) {
		buf_free(&t->cells);
		return error_memory(&cli.error);
	}
	for (size_t i = 0; i < t->n; i += t->columns)
		cell = put_row(t, cell);
	buf_clear(&t->cells);
	t->n = 0;
	return out_flush();
}

void
bar_put(struct buf *b, int64_t issued, int64_t expires, int64_t now)
{
	int64_t full;

	if (issued == TOKENWARD_TIME_UNKNOWN ||
	    expires == TOKENWARD_TIME_UNKNOWN ||
	    expires == TOKENWARD_TIME_NEVER || expires <= issued)
		return;
	full = now <= issued ? 0
	       : now >= expires
		   ? BAR_CELLS
		   : (int64_t)((double)(now - issued) /
			       (double)(expires - issued) * BAR_CELLS);
	buf_put_str(b, "[");
	for (int64_t i = 0; i < BAR_CELLS; i++)
		buf_put_byte(b, i < full ? '#' : '-');
	buf_put_str(b, "]");
}

void
relative_put(struct buf *b, int64_t t, int64_t now)
{
	if (t == TOKENWARD_TIME_UNKNOWN)
		return;
	if (t == TOKENWARD_TIME_NEVER) {
		buf_put_str(b, "never");
		return;
	}
	if (t >= now)
		buf_put_str(b, "in ");
	duration_put(b, t >= now ? t - now : now - t);
	if (t < now)
		buf_put_str(b, " ago");
}
