# h3kit: one Makefile for everything.  `make help` lists the targets.

VERSION := 0.1.0
BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang
PKG_CONFIG ?= pkg-config
WERROR ?= $(if $(CI),-Werror)

# One short line for each step; V=1 shows the commands.
V ?=
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-3s %s\n' $(1) $(2))

# Folders are layers; the two archives keep the programs to theirs.
WIRE_LAYERS := base wire crypto qpack qlog capture analysis
LIB_LAYERS := tls transport h3 io sim

PACKAGES := gnutls libpcap
# What unpacks qlogs, each in one file of qlogview/.
UNPACKERS := $(foreach p,zlib libzstd,$(shell \
  $(PKG_CONFIG) --exists $(p) && echo $(p)))
PKG_CFLAGS = $(shell $(PKG_CONFIG) --cflags $(PACKAGES) $(UNPACKERS)) \
  $(if $(filter zlib,$(UNPACKERS)),-DH3KIT_ZLIB) \
  $(if $(filter libzstd,$(UNPACKERS)),-DH3KIT_ZSTD)
UNPACK_LIBS = $(if $(UNPACKERS),$(shell $(PKG_CONFIG) --libs $(UNPACKERS)))
GNUTLS_LIBS = $(shell $(PKG_CONFIG) --libs gnutls)
PCAP_LIBS = $(shell $(PKG_CONFIG) --libs libpcap)
CMOCKA_LIBS = $(shell $(PKG_CONFIG) --libs cmocka)
# What a test compares with, where it is installed.
JSONC := $(shell $(PKG_CONFIG) --exists json-c && echo json-c)

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
  -Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wcast-qual \
  -Wwrite-strings -Wformat=2 -Wundef -Wvla -Wnull-dereference \
  -Wimplicit-fallthrough
HARDEN := -fstack-protector-strong -fPIE $(if $(SAN),,-D_FORTIFY_SOURCE=2) \
  $(if $(findstring clang,$(CC)),,-fstack-clash-protection)
HARDEN_LD := -pie -Wl,-z,relro,-z,now,-z,noexecstack
OPT ?= -O2
CFLAGS ?= -g
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -DH3KIT_VERSION='"$(VERSION)"' \
  -Ilibquic -I. $(WARNINGS) $(WERROR) $(OPT) $(HARDEN) $(SAN) $(PKG_CFLAGS) \
  $(CFLAGS) -MMD -MP
ALL_LDFLAGS = $(HARDEN_LD) $(SAN) $(LDFLAGS)

WIRE_SRC := $(foreach d,$(WIRE_LAYERS),$(wildcard libquic/$(d)/*.c))
QUICDUMP_SRC := $(wildcard pcap/*.c)
CLI_SRC := $(wildcard libquic/cli/*.c)
QLOGVIEW_SRC := $(wildcard qlogview/*.c)
SUPPORT_SRC := $(wildcard tests/support/*.c)
UNIT_SRC := $(wildcard tests/unit/*_test.c)
FUZZ_SRC := $(wildcard tests/fuzz/*_fuzz.c)
TOOL_SRC := $(wildcard tests/support/tool/*.c)
TOOLS_SRC := $(wildcard tools/*.c)

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
WIRE_LIB := $(BUILD)/libquicwire.a
CLI_LIB := $(BUILD)/libcli.a
SUPPORT_LIB := $(BUILD)/libsupport.a
QUICDUMP_CORE := $(filter-out pcap/main.c,$(QUICDUMP_SRC))
QUICDUMP_LIB := $(BUILD)/libquicdump.a
QLOGVIEW_CORE := $(filter-out qlogview/main.c,$(QLOGVIEW_SRC))
QLOGVIEW_LIB := $(BUILD)/libqlogview.a
TOOLS := $(patsubst tools/%.c,$(BUILD)/%,$(TOOLS_SRC))
PROGRAMS := $(BUILD)/quicdump $(BUILD)/qlogview $(TOOLS)
UNITS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(UNIT_SRC))
REPLAYS := $(patsubst tests/fuzz/%.c,$(BUILD)/replay/%,$(FUZZ_SRC))
FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(FUZZ_SRC))
TEST_TOOLS := $(patsubst tests/support/tool/%.c,$(BUILD)/%,$(TOOL_SRC))
HEADERS := $(foreach d,$(WIRE_LAYERS) $(LIB_LAYERS),\
  $(wildcard libquic/$(d)/*.h libquic/$(d)/*.def))

.PHONY: all help deps test soak demo asan fuzz-smoke fuzz test-peers bench \
  lint format install uninstall dist clean tests-built fuzzers
.DELETE_ON_ERROR:
.SECONDARY: # keep the objects of the test programs

all: $(PROGRAMS) ## build the programs

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' \
	  $(firstword $(MAKEFILE_LIST))

deps: ## install the packages that are missing (apt-get), or name them
	@share/dev/deps.sh $(DEPS)

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -c $< -o $@

$(WIRE_LIB): $(call obj,$(WIRE_SRC))
	@mkdir -p $(@D); rm -f $@
	$(call say,AR,$@)
	$(Q)$(AR) rcs $@ $^

$(QUICDUMP_LIB): $(call obj,$(QUICDUMP_CORE))
	@mkdir -p $(@D); rm -f $@
	$(call say,AR,$@)
	$(Q)$(AR) rcs $@ $^

$(CLI_LIB): $(call obj,$(CLI_SRC))
	@mkdir -p $(@D); rm -f $@
	$(call say,AR,$@)
	$(Q)$(AR) rcs $@ $^

$(QLOGVIEW_LIB): $(call obj,$(QLOGVIEW_CORE))
	@mkdir -p $(@D); rm -f $@
	$(call say,AR,$@)
	$(Q)$(AR) rcs $@ $^

$(SUPPORT_LIB): $(call obj,$(SUPPORT_SRC))
	@mkdir -p $(@D); rm -f $@
	$(call say,AR,$@)
	$(Q)$(AR) rcs $@ $^

$(BUILD)/quicdump: $(call obj,pcap/main.c) $(QUICDUMP_LIB) $(CLI_LIB) $(WIRE_LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $^ $(GNUTLS_LIBS) $(PCAP_LIBS) -lpthread -o $@

$(BUILD)/qlogview: $(call obj,qlogview/main.c) $(QLOGVIEW_LIB) $(CLI_LIB) \
  $(WIRE_LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $^ $(UNPACK_LIBS) -o $@

$(TOOLS): $(BUILD)/%: $(BUILD)/obj/tools/%.o $(WIRE_LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $^ $(GNUTLS_LIBS) -o $@

TEST_LIBS := $(SUPPORT_LIB) $(QUICDUMP_LIB) $(QLOGVIEW_LIB) $(CLI_LIB) \
  $(WIRE_LIB)
$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(TEST_LIBS)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $< $(TEST_LIBS) $(CMOCKA_LIBS) $(GNUTLS_LIBS) \
	  $(PCAP_LIBS) $(UNPACK_LIBS) -lpthread -o $@

ifneq ($(JSONC),)
$(BUILD)/obj/tests/unit/qlog_oracle_test.o: CFLAGS += -DH3KIT_JSONC
$(BUILD)/unit/qlog_oracle_test: CMOCKA_LIBS += \
  $(shell $(PKG_CONFIG) --libs $(JSONC))
endif

$(BUILD)/replay/%: $(BUILD)/obj/tests/fuzz/%.o \
  $(BUILD)/obj/tests/fuzz/replay.o $(TEST_LIBS)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $< $(BUILD)/obj/tests/fuzz/replay.o $(TEST_LIBS) \
	  $(GNUTLS_LIBS) $(PCAP_LIBS) $(UNPACK_LIBS) -lpthread -o $@

$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(TEST_LIBS)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer $< $(TEST_LIBS) $(GNUTLS_LIBS) \
	  $(PCAP_LIBS) $(UNPACK_LIBS) -lpthread -o $@

$(TEST_TOOLS): $(BUILD)/%: $(BUILD)/obj/tests/support/tool/%.o $(TEST_LIBS)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $< $(TEST_LIBS) $(GNUTLS_LIBS) $(PCAP_LIBS) \
	  $(UNPACK_LIBS) -lpthread -o $@

tests-built: $(PROGRAMS) $(UNITS) $(REPLAYS) $(TEST_TOOLS)

test: deps ## run all tests (under 3 minutes, offline)
	@$(MAKE) --no-print-directory tests-built
	@BUILD=$(BUILD) tests/run.sh

soak: deps ## the full figures: corpus against ground truth and tshark
	@$(MAKE) --no-print-directory tests-built
	@BUILD=$(BUILD) tests/soak.sh

demo: deps ## build, then show quicdump on the bundled captures
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) tests/demo.sh

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all \
  -fno-omit-frame-pointer
asan: deps ## run all tests under ASan and UBSan
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan SAN="$(SANITIZE)" \
	  OPT=-O1 tests-built
	@BUILD=$(BUILD)/asan tests/run.sh

FUZZ_MAKE = $(MAKE) --no-print-directory BUILD=$(BUILD)/clang-fuzz CC=$(CLANG) \
  SAN="$(SANITIZE) -fsanitize=fuzzer-no-link" OPT=-O1
FUZZ_SECONDS ?= 600
fuzz fuzz-smoke: DEPS := --ci
fuzzers:
	@mkdir -p $(BUILD)/fuzz
	$(MAKE) --no-print-directory $(FUZZERS) $(BUILD)/seeds

fuzz-smoke: deps ## fuzz every target for a few seconds
	+@$(FUZZ_MAKE) fuzzers
	@BUILD=$(BUILD)/clang-fuzz FUZZ_SECONDS=5 tests/fuzz/run.sh

fuzz: deps ## fuzz every target for FUZZ_SECONDS (600) each
	+@$(FUZZ_MAKE) fuzzers
	@BUILD=$(BUILD)/clang-fuzz FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run.sh

test-peers: deps ## compare with other people's programs, where installed
	@$(MAKE) --no-print-directory tests-built
	@BUILD=$(BUILD) tests/interop/run.sh

bench: deps ## measure against tshark in one run, and the AEAD floor
	@$(MAKE) --no-print-directory tests-built
	@BUILD=$(BUILD) tests/bench.sh

lint: deps ## check layers, style and the symbols that the core may use
	@$(MAKE) --no-print-directory $(WIRE_LIB)
	@BUILD=$(BUILD) tests/lint/run.sh

FORMATTED := $(shell git ls-files '*.c' '*.h' 2>/dev/null)
format: ## format the sources
	clang-format -i $(FORMATTED)

install: all ## install programs, pages, completions, headers, libquic.pc
	@PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" BUILD="$(BUILD)" \
	  VERSION="$(VERSION)" PROGRAMS="$(notdir $(PROGRAMS))" \
	  HEADERS="$(HEADERS)" share/dev/install.sh install

uninstall: ## remove what install put there
	@PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" BUILD="$(BUILD)" \
	  VERSION="$(VERSION)" PROGRAMS="$(notdir $(PROGRAMS))" \
	  HEADERS="$(HEADERS)" share/dev/install.sh uninstall

dist: ## pack the committed tree as dist/h3kit-VERSION.tar.gz
	@mkdir -p dist
	git archive --prefix=h3kit-$(VERSION)/ -o dist/h3kit-$(VERSION).tar.gz HEAD

clean: ## remove what was built
	rm -rf build dist

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
