/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which extended regular expressions a provider file may have.  They are
 * compiled and run in the process that holds the key, and some that are
 * short cost minutes or gigabytes there: repetitions in repetitions, large
 * bounds, references back.  None of these is needed for a host or an id.
 */
#include <stdlib.h>
#include <string.h>
#include "provider/pattern.h"

#define PATTERN_MAX 256u
#define DEPTH_MAX 8
#define BOUND_MAX 64u
#define COST_MAX 400u /* atoms, bounds multiplied out */

struct part {
	unsigned cost;
	bool endless; /* a repetition without a bound is in it */
};

struct scan {
	const char *at;
	struct part open[DEPTH_MAX + 1]; /* groups under way, the whole first */
	int depth;
	struct part last; /* what a repetition would be of */
	bool repeated;    /* and one was said of it already */
	const char *fault;
};

static void
fail(struct scan *s, const char *fault)
{
	s->fault = fault;
}

static void
take(struct scan *s, struct part p)
{
	struct part *group = &s->open[s->depth];

	group->cost += p.cost;
	group->endless |= p.endless;
	s->last = p;
	s->repeated = false;
	if (group->cost > COST_MAX)
		fail(s, "is too large when its bounds are multiplied out");
}

static void
take_atom(struct scan *s)
{
	take(s, (struct part){.cost = 1});
}

/* [^]a], [[:alpha:]]: a bracket that ends none. */
static void
take_class(struct scan *s)
{
	const char *p = s->at + 1;
	char kind;

	p += *p == '^';
	p += *p == ']';
	for (; *p && *p != ']'; p++) {
		kind = p[1];
		if (*p != '[' || !kind || !strchr(":.=", kind))
			continue;
		for (p += 2; *p && !(*p == kind && p[1] == ']'); p++)
			;
		if (!*p)
			break;
		p++;
	}
	if (*p)
		s->at = p;
	else
		fail(s, "has a bracket that does not end");
	take_atom(s);
}

static void
take_escape(struct scan *s)
{
	char c = *++s->at;

	if (c >= '0' && c <= '9')
		fail(s, "refers back with \\ and a digit");
	else if (c == '\0')
		fail(s, "ends with \\");
	take_atom(s);
}

static void
begin_group(struct scan *s)
{
	if (s->depth == DEPTH_MAX)
		fail(s, "has groups more than 8 deep");
	else
		s->open[++s->depth] = (struct part){0};
	s->last = (struct part){0};
	s->repeated = false;
}

static void
end_group(struct scan *s)
{
	if (s->depth == 0)
		fail(s, "closes a group that was not opened");
	else
		take(s, s->open[s->depth--]);
}

/* The largest of {N}, {N,} and {N,M}; at its brace afterwards. */
static unsigned
read_bound(struct scan *s, bool *ret_endless)
{
	unsigned long most = 0, n;
	char *end = (char *)(uintptr_t)s->at;

	do {
		s->at = end + 1;
		n = strtoul(s->at, &end, 10);
		most = n > most ? n : most;
	} while (*end == ',');
	*ret_endless = end == s->at; /* {N,} */
	s->at = end;
	if (*end != '}')
		fail(s, "has a bound that is none");
	else if (most > BOUND_MAX)
		fail(s, "has a bound above 64");
	return (unsigned)most;
}

/* A bound may be of what has bounds: that is in the cost. */
static void
take_repetition(struct scan *s)
{
	bool optional = *s->at == '?', endless = strchr("*+", *s->at);
	unsigned times = 1;
	struct part p = s->last;

	if (*s->at == '{')
		times = read_bound(s, &endless);
	if (s->fault)
		return;
	if (s->repeated || (p.endless && !optional)) {
		fail(s, "repeats what is repeated already");
		return;
	}
	take(s, (struct part){.cost = p.cost * times, .endless = endless});
	s->repeated = true;
}

static void
take_one(struct scan *s)
{
	switch (*s->at) {
	case '[':
		take_class(s);
		break;
	case '\\':
		take_escape(s);
		break;
	case '(':
		begin_group(s);
		break;
	case ')':
		end_group(s);
		break;
	case '*':
	case '+':
	case '?':
	case '{':
		take_repetition(s);
		break;
	default:
		take_atom(s);
	}
}

const char *
pattern_fault(const char *pattern)
{
	struct scan s = {.at = pattern};

	if (strlen(pattern) > PATTERN_MAX)
		return "is longer than 256 bytes";
	while (!s.fault && *s.at) {
		take_one(&s);
		s.at += *s.at != '\0';
	}
	return s.fault;
}
