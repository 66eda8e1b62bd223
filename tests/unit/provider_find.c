/* SPDX-License-Identifier: BSD-2-Clause */
/* provider/find: the first directory wins, and the sentence for every fault. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "provider/provider.h"
#include "unit.h"

static struct strlist dirs;
static struct error err;

static void
put(const char *name, const char *id)
{
	char text[256];

	snprintf(text, sizeof(text),
	    "{\"schema\":1,\"id\":\"%s\",\"token\":{\"url\":\"https://h/%s\"}}",
	    id, name);
	unit_write(unit_path(name), text, strlen(text));
}

static void
setup(void)
{
	cr_assert(mkdir(unit_path("own"), 0700) == 0);
	cr_assert(mkdir(unit_path("usr"), 0700) == 0);
	strlist_add(&dirs, unit_path("own"));
	strlist_add(&dirs, unit_path("none"));
	strlist_add(&dirs, unit_path("usr"));
	put("own/tiki.json", "tiki");
	put("usr/tiki.json", "tiki");
	put("usr/cliquify.json", "cliquify");
	put("usr/netwrix-access-analyzer.json", "netwrix-access-analyzer");
	put("usr/.hidden.json", "hidden");
	put("usr/Upper.json", "upper");
	put("usr/x.json.bak", "x");
}

static void
teardown(void)
{
	strlist_free(&dirs);
	unit_cleanup();
}

TestSuite(provider_find, .init = setup, .fini = teardown);

static int
find(const char *id, char path[1024])
{
	struct provider_file f = {.text = BUF_INIT};
	int res = provider_find(&dirs, id, &f, &err);

	if (res == TOKENWARD_OK) {
		snprintf(path, 1024, "%s", f.path);
		cr_expect(f.text.len > 0);
	}
	provider_file_free(&f);
	return res;
}

Test(provider_find, the_first_directory_wins)
{
	char path[1024];

	assert_ok(find("tiki", path), err);
	cr_expect_str_eq(path, unit_path("own/tiki.json"));
	assert_ok(find("cliquify", path), err);
	cr_expect_str_eq(path, unit_path("usr/cliquify.json"));
}

Test(provider_find, a_path_is_read_as_it_is)
{
	char path[1024];

	assert_ok(find(unit_path("usr/tiki.json"), path), err);
	cr_expect_str_eq(path, unit_path("usr/tiki.json"));
	assert_fails(find(unit_path("usr/gone.json"), path), err,
	    TOKENWARD_CONFIG, "there is no such file");
}

Test(provider_find, unknown_ids_and_their_neighbours)
{
	char path[1024];

	assert_fails(find("cliqify", path), err, TOKENWARD_CONFIG,
	    "there is no provider \"cliqify\"; did you mean \"cliquify\"?; "
	    "\"tokenward provider list\"");
	assert_fails(find("netwrix", path), err, TOKENWARD_CONFIG,
	    "did you mean \"netwrix-access-analyzer\"?");
	assert_fails(find("zzzzzz", path), err, TOKENWARD_CONFIG,
	    "there is no provider \"zzzzzz\"; \"tokenward");
	assert_fails(find("../own/tiki", path), err, TOKENWARD_CONFIG,
	    "there is no provider \"../own/tiki\"");
	assert_fails(find("", path), err, TOKENWARD_CONFIG, "no provider");
	assert_fails(find("Upper", path), err, TOKENWARD_CONFIG, "no provider");
}

Test(provider_find, the_id_must_be_the_name)
{
	char path[1024];

	put("own/cliquify.json", "other");
	assert_fails(find("cliquify", path), err, TOKENWARD_CONFIG,
	    "own/cliquify.json: the id in it is \"other\", and so its name "
	    "should be other.json");
}

Test(provider_find, a_file_that_cannot_be_read_hides_the_next)
{
	char path[1024];
	static char big[PROVIDER_FILE_MAX + 1];

	unit_write(unit_path("own/cliquify.json"), "{", 1);
	assert_fails(find("cliquify", path), err, TOKENWARD_CONFIG,
	    "own/cliquify.json line 1");
	memset(big, ' ', sizeof(big));
	unit_write(unit_path("own/cliquify.json"), big, sizeof(big));
	assert_fails(find("cliquify", path), err, TOKENWARD_CONFIG, "64 KiB");
	unlink(unit_path("own/cliquify.json"));
	cr_assert(mkdir(unit_path("own/cliquify.json"), 0700) == 0);
	assert_fails(
	    find("cliquify", path), err, TOKENWARD_CONFIG, "no regular file");
	rmdir(unit_path("own/cliquify.json"));
	cr_assert(mkfifo(unit_path("own/cliquify.json"), 0600) == 0);
	assert_fails(
	    find("cliquify", path), err, TOKENWARD_CONFIG, "no regular file");
}

static int
note(void *data, const char *id, const char *path)
{
	struct strlist *l = data;

	strlist_add(l, id);
	strlist_add(l, path);
	return TOKENWARD_OK;
}

Test(provider_find, lists_each_once_and_in_order)
{
	struct strlist l = {0};

	assert_ok(provider_each(&dirs, note, &l, &err), err);
	cr_assert(l.n == 6, "%zu", l.n);
	cr_expect_str_eq(l.v[0], "cliquify");
	cr_expect_str_eq(l.v[2], "netwrix-access-analyzer");
	cr_expect_str_eq(l.v[4], "tiki");
	cr_expect_str_eq(l.v[5], unit_path("own/tiki.json"));
	strlist_free(&l);
}
