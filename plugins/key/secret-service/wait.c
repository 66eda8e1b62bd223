/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything that may hang is begun, then waited for until a deadline.  What
 * is late is cancelled; what does not even heed that is left behind, and the
 * process ends soon.
 */
#include "secrets.h"

#define GRACE (200 * 1000)

struct wait {
	GAsyncResult *result;
	GCancellable *cancel;
	gboolean is_done, is_left;
};

struct wait *
wait_new(void)
{
	struct wait *w = g_new0(struct wait, 1);

	w->cancel = g_cancellable_new();
	return w;
}

GCancellable *
wait_cancel(const struct wait *w)
{
	return w->cancel;
}

static void
wait_free(struct wait *w)
{
	g_object_unref(w->cancel);
	g_clear_object(&w->result);
	g_free(w);
}

void
wait_done(GObject *source, GAsyncResult *result, gpointer data)
{
	struct wait *w = data;

	(void)source;
	w->result = g_object_ref(result);
	w->is_done = TRUE;
	if (w->is_left)
		wait_free(w);
}

static gboolean
set(gpointer flag)
{
	*(gboolean *)flag = TRUE;
	return G_SOURCE_CONTINUE;
}

gboolean
wait_flag(const gboolean *flag, gint64 deadline)
{
	gint64 left = deadline - g_get_monotonic_time();
	gboolean late = left <= 0;
	guint timer =
	    g_timeout_add(left > 0 ? (guint)(left / 1000) + 1 : 0, set, &late);

	while (!*flag && !late)
		g_main_context_iteration(NULL, TRUE);
	g_source_remove(timer);
	return *flag;
}

GAsyncResult *
wait_end(struct wait *w, gint64 deadline)
{
	GAsyncResult *result = NULL;

	if (!wait_flag(&w->is_done, deadline)) {
		g_cancellable_cancel(w->cancel);
		wait_flag(&w->is_done, g_get_monotonic_time() + GRACE);
	}
	if (!w->is_done) {
		w->is_left = TRUE;
		return NULL;
	}
	result = g_steal_pointer(&w->result);
	wait_free(w);
	return result;
}
