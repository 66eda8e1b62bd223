/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Years are taken to begin in March, so that the day that comes and goes is
 * their last, and to stand in eras of 400 years, which are all alike.
 */
#include "base/civil.h"

#define DAY 86400
#define ERA 400
#define ERA_DAYS 146097
#define CENTURY_DAYS 36524
#define OLYMPIAD_DAYS 1461
#define EPOCH 719468 /* days from the first of March of the year 0 */

static int
least(int64_t a, int b)
{
	return a < b ? (int)a : b;
}

/* Day 0 is the first of March; months have 30.6 days, nearly. */
static void
month_and_day(int day, struct tm *ret)
{
	int month = (5 * day + 2) / 153;

	ret->tm_mday = day - (153 * month + 2) / 5 + 1;
	ret->tm_mon = (month + 2) % 12;
}

void
civil_of_time(int64_t t, struct tm *ret)
{
	int64_t days, rest;
	int century, olympiad, year;

	t += (int64_t)(EPOCH + ERA_DAYS) * DAY; /* never below zero now */
	*ret = (struct tm){.tm_hour = (int)(t % DAY / 3600),
	    .tm_min = (int)(t % 3600 / 60),
	    .tm_sec = (int)(t % 60)};
	days = t / DAY;
	rest = days % ERA_DAYS;
	century = least(rest / CENTURY_DAYS, 3);
	rest -= (int64_t)century * CENTURY_DAYS;
	olympiad = (int)(rest / OLYMPIAD_DAYS);
	rest -= (int64_t)olympiad * OLYMPIAD_DAYS;
	year = least(rest / 365, 3);
	rest -= (int64_t)year * 365;
	month_and_day((int)rest, ret);
	year += (int)(days / ERA_DAYS) * ERA + century * 100 + olympiad * 4;
	if (ret->tm_mon < 2)
		year++;
	ret->tm_year = year - ERA - 1900;
}

int64_t
time_of_civil(const struct tm *tm)
{
	int64_t year = tm->tm_year + 1900 + ERA - (tm->tm_mon < 2);
	int64_t days = year * 365 + year / 4 - year / 100 + year / 400 +
		       (153 * ((tm->tm_mon + 10) % 12) + 2) / 5 + tm->tm_mday -
		       1 - EPOCH - ERA_DAYS;

	return days * DAY + tm->tm_hour * 3600 + tm->tm_min * 60 + tm->tm_sec;
}
