/* SPDX-License-Identifier: BSD-2-Clause */
/* One program for every kind of module that the Secret Service can be. */
#include <stddef.h>
#include "key.h"
#include "store/secret-service/store.h"

int
main(int argc, char **argv)
{
	static const struct tokenward_module *const modules[] = {
	    &secret_service_key, &secret_service_records, NULL};

	return tokenward_modules_main(modules, argc, argv);
}
