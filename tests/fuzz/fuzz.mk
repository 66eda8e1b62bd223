# SPDX-License-Identifier: BSD-2-Clause
# The fuzzers under libFuzzer, with sanitizers, by clang: "make fuzz" calls
# this in the directory to build in, with SRC (the source), CONFIG (where
# config.h is), SOURCES (what is fuzzed, relative to SRC), CPPFLAGS, LIBS and
# WRAP; MORE are harnesses of optional modules.
harnesses = answer apply assuan clean credential encode exchange export \
	frame frame_io header hello http_date json options pattern place plan \
	provider recovery redact reply seal secret_rules stack time tokens \
	url where
FUZZERS = $(harnesses) $(MORE)
FUZZ_CC = clang
FUZZ_CFLAGS = -std=gnu11 -g -O1 -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all

# Nothing of this machine is looked at but the shipped provider files.
flags = -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -MMD -MP -I$(CONFIG) \
	-I$(SRC)/lib -I$(SRC)/lib/include -I$(SRC)/libexec -I$(SRC) \
	-DPROVIDERS='"$(SRC)/providers"' -DLIBEXECDIR='"/nowhere"' \
	-DPKGDATADIR='"/nowhere"' -DSYSCONFDIR='"/nowhere"' \
	-DSYSTEM_STORE='"/nowhere"'

objects = $(patsubst %.c,obj/%.o,$(filter %.c,$(SOURCES)))
common = obj/tests/fuzz/fuzz.o obj/tests/fuzz/faults.o \
	obj/tests/fuzz/answers.o obj/tests/support/dice.o

all: $(FUZZERS:%=bin/%)

# A harness takes from the archive what it needs.
obj/all.a: $(objects)
	@rm -f $@
	@ar qcs $@ $^

obj/cli/main.o: flags += -Dmain=tokenward_main

obj/%.o: $(SRC)/%.c
	@mkdir -p $(@D)
	@echo '  CC       $*.c'
	@$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link $(flags) \
	    $(CPPFLAGS) -c -o $@ $<

bin/%: obj/tests/fuzz/%.o $(common) obj/all.a
	@mkdir -p bin
	@echo '  FUZZER   $*'
	@$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $^ $(WRAP) $(LIBS)

.SECONDARY:
.PHONY: all
-include $(shell find obj -name '*.d' 2>/dev/null)
