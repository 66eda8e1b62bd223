/* SPDX-License-Identifier: BSD-2-Clause */
/* A recovery code on its way from the library to a human, once. */
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/json_write.h"
#include "cli.h"

#define CODE_MAX 256

static struct buf code = BUF_SECRET_INIT;

int
recovery_prepare(void)
{
	return buf_room(&code, CODE_MAX) ? TOKENWARD_OK
					 : error_memory(&cli.error);
}

void
recovery_take(void *data, const char *text)
{
	(void)data;
	buf_set(&code, text, strlen(text));
}

bool
recovery_taken(void)
{
	return code.len > 0;
}

/* Also with --quiet: nobody ever sees it again. */
void
recovery_tell(void)
{
	static const char before[] =
	    "tokenward: the recovery code, which is not shown again; write it "
	    "down and keep it away from this machine:\n\n    ";

	if (write_all(STDERR_FILENO, before, sizeof before - 1) ||
	    write_all(STDERR_FILENO, code.data, code.len) ||
	    write_all(STDERR_FILENO, "\n\n", 2))
		say_failure("the recovery code could not be shown: remove its "
			    "key slot or its export, and make another");
	buf_free(&code);
}

int
recovery_print(void)
{
	struct iovec iov[] = {{code.data, code.len}, {(char[]){'\n'}, 1}};
	int r = out_direct(iov, 2);

	if (r != TOKENWARD_OK)
		recovery_tell();
	buf_free(&code);
	return r;
}

int
recovery_print_json(const char *result, unsigned slot)
{
	cleanup_buf struct buf b = BUF_SECRET_INIT;
	struct iovec iov;
	int r;

	json_open(&b, NULL, '{');
	if (slot)
		json_put_num(&b, "slot", slot);
	json_put_str(&b, "result", result);
	if (code.len)
		json_put_strn(&b, "recovery_code", (char *)code.data, code.len);
	json_close(&b, '}');
	buf_put_str(&b, "\n");
	iov = (struct iovec){b.data, b.len};
	r = b.failed ? error_memory(&cli.error) : out_direct(&iov, 1);
	if (r != TOKENWARD_OK && code.len)
		recovery_tell();
	buf_free(&code);
	return r;
}
