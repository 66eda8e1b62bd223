/* SPDX-License-Identifier: BSD-2-Clause */
/* What starting any dynamically linked C program costs. */
int
main(void)
{
	return 0;
}
