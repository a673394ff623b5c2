# The only entry point a newcomer needs. `make help` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help

SITE ?= company
RELEASE ?= bookworm
HOST ?= emon
LAB ?= emon
# Of a new lab.
HOSTS ?= 2
ENGINE ?= auto
# 1: Ansible's own output.
V ?=
# Of `make status` and `make exec`: json. Of `make map`: the file, whose ending says the format.
OUTPUT ?= table
MAP ?= .cache/map.html

PYTHON ?= python3
VENV := .venv
# Relative, so that the checkout's path may have spaces in it. Recipes run in its root, and $$PWD is where the shell stands.
BIN := $(VENV)/bin
# Ansible refuses to start in a locale that is not UTF-8, or that SSH passed on and this machine does not have.
export LC_ALL := C.UTF-8
unexport LANGUAGE
# Always this checkout: Ansible passes by an ansible.cfg in a folder that everybody may write to, and would take an
# installed copy of the collection where ANSIBLE_COLLECTIONS_PATH says so.
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.ansible/collections
# A command for `make exec`: in the environment, neither make nor a shell nor Ansible takes a part of it for its own.
export OVERLAY_LAB_COMMAND := $(value CMD)
export OVERLAY_LAB_ON := $(value ON)
# The ends of a trace, likewise.
export OVERLAY_LAB_FROM := $(value FROM)
export OVERLAY_LAB_TO := $(value TO)
export OVERLAY_LAB_PORT := $(value PORT)
export OVERLAY_LAB_NETWORK := $(value NETWORK)
# What is loaded, likewise.
export OVERLAY_LAB_IMAGE := $(value IMAGE)
export OVERLAY_LAB_FILE := $(value FILE)
# Simulated hosts need root; their connection plugin cannot ask for a password, so the playbook itself runs with sudo.
# A user's PATH has no sbin, and sudo keeps the one it is given, and nothing else but what is named here.
KEPT := NO_COLOR ANSIBLE_NOCOLOR ANSIBLE_FORCE_COLOR OVERLAY_LAB_UNTIL OVERLAY_LAB_TIMES OVERLAY_LAB_COMMAND OVERLAY_LAB_ON \
  OVERLAY_LAB_FROM OVERLAY_LAB_TO OVERLAY_LAB_PORT OVERLAY_LAB_NETWORK OVERLAY_LAB_IMAGE OVERLAY_LAB_FILE DOCKER_HOST
AS_ROOT := $(if $(filter 0,$(shell id -u)),,sudo) env PATH="$$PWD/$(BIN):$$PATH:/usr/sbin:/sbin" LC_ALL="$$LC_ALL" \
  ANSIBLE_CONFIG="$$ANSIBLE_CONFIG" ANSIBLE_COLLECTIONS_PATH="$$ANSIBLE_COLLECTIONS_PATH" \
  PYTHONDONTWRITEBYTECODE=1 OVERLAY_LAB_RELEASE=$(RELEASE) $(foreach name,$(KEPT),$(if $($(name)),$(name)="$$$(name)"))
# The default lab has one inventory a site; another lab's begins with its name: LAB=four SITE=company, LAB=tutorial.
INVENTORIES := inventories/simulated
INVENTORY := $(if $(filter emon,$(LAB)),$(INVENTORIES)/$(SITE).yml,$(firstword \
  $(wildcard $(INVENTORIES)/$(LAB)-$(SITE).yml $(INVENTORIES)/$(LAB).yml) $(INVENTORIES)/$(LAB)-$(SITE).yml))
PLAY = $(AS_ROOT) $(if $(filter 1,$(V)),,ANSIBLE_STDOUT_CALLBACK=emon.overlay_lab.lab) $(BIN)/ansible-playbook -i $(INVENTORY)
# What prints what it was asked for, and nothing else.
ANSWER = $(subst ANSIBLE_STDOUT_CALLBACK=,OVERLAY_LAB_MESSAGES_ONLY=1 ANSIBLE_STDOUT_CALLBACK=,$(PLAY))

# Before anything starts, set-up included. An inventory without a hyphen is a site of the default lab, or a lab.
ifneq ($(filter overlay plan status map exec load move verify trace break mend-broken destroy,$(MAKECMDGOALS)),)
ifeq ($(wildcard $(INVENTORY)),)
comma := ,
space := $(comma:,=) $(comma:,=)
listed = $(subst $(space),$(comma) ,$(strip $1))
LABS := $(basename $(notdir $(sort $(wildcard labs/*.yml))))
NAMES := $(basename $(notdir $(sort $(wildcard $(INVENTORIES)/*.yml))))
SITES := $(if $(filter emon,$(LAB)),$(filter-out $(LABS),$(foreach name,$(NAMES),$(if $(findstring -,$(name)),,$(name)))),\
  $(patsubst $(LAB)-%,%,$(filter $(LAB)-%,$(NAMES))))
$(error $(if $(strip $(SITES)),SITE=$(SITE): the lab $(LAB) is at no such site; choose one of $(call listed,$(SITES)),LAB=$(LAB): \
  there is no $(INVENTORY); choose one of $(call listed,$(LABS))))
endif
endif

.PHONY: help setup validate new import overlay plan status map exec load move verify trace break mend-broken destroy shell forward test check lint unit kernel browser integration molecule soak chaos benchmark vm-test docs sanity clean

help: ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  Variables: SITE=home|company ($(SITE))  HOST=emon  LAB=$(subst $() ,|,$(basename $(notdir $(sort $(wildcard labs/*.yml)))))"
	@echo "  HOSTS=4 ENGINE=swarm, of a new lab"
	@echo "  IMAGE=web:1 or FILE=web.tar, to load  PORT=8080 LOCAL=8081, to forward"
	@echo "  RELEASE=bullseye|bookworm|trixie|forky ($(RELEASE)), of simulated hosts: Debian 11, 12, 13, testing"
	@echo "  V=1 (Ansible's own output)  ARGS='--check --diff' (more arguments for the playbook or the test)"

setup: $(VENV)/lab.stamp ## Install what a lab on this machine needs (every other target does it by itself)

$(VENV)/system.stamp: tools/setup-system
	@tools/setup-system
	@mkdir -p $(VENV) && touch $@

$(VENV)/lab.stamp: requirements.txt $(VENV)/system.stamp
	@echo "Installing Python packages into $(VENV) (about half a minute, once) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --requirement requirements.txt
	@tools/link-collection
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt $(VENV)/lab.stamp
	@echo "Installing the test tools into $(VENV) (about half a minute, once) ..."
	@$(BIN)/pip install --quiet --requirement requirements-dev.txt
	@touch $@

$(VENV)/kernel.stamp: tests/kernel/versions $(VENV)/dev.stamp
	@echo "Installing pyroute2 as Debian 12, Debian 13 and the package index have it, below $(VENV) (once) ..."
	@PYTHON=$(PYTHON) tests/kernel/versions install
	@touch $@

# A name in labs/, or a file; several with blanks between them.
validate: setup ## Check LAB's lab file, without a run: every fault, a line each (OUTPUT=json)
	@$(BIN)/python tools/lab-file validate $(if $(filter json,$(OUTPUT)),--json) $(foreach lab,$(LAB),'$(lab)')

# Without a LAB, its name is the engine's and the number of hosts.
new: setup ## Write the file of a new LAB and its inventories: HOSTS=4 ENGINE=swarm (overwrites nothing)
	@$(BIN)/python tools/lab-file new '$(if $(filter file,$(origin LAB)),$(subst _,-,$(ENGINE))-$(HOSTS),$(LAB))' '$(HOSTS)' '$(ENGINE)'

# Without a LAB, its name is that of the file's folder.
import: setup ## Write a lab file from the Compose file FILE, and name what it cannot take: LAB=shop HOSTS=2 ENGINE=auto
	@$(BIN)/python tools/lab-file new '$(if $(filter file,$(origin LAB)),$(notdir $(patsubst %/,%,$(dir $(abspath $(FILE))))),$(LAB))' \
	  '$(HOSTS)' '$(ENGINE)' --compose '$(FILE)'

overlay: setup ## Two simulated hosts, etcd, Docker, an overlay network, and a ping across it
	@$(PLAY) playbooks/overlay.yml $(ARGS)

plan: setup ## What `make overlay` would change, and why, in a table (OUTPUT=json)
	@$(if $(filter json,$(OUTPUT)),$(ANSWER),$(PLAY)) playbooks/overlay.yml --check -e plan_only=true -e plan_format=$(OUTPUT) $(ARGS)

status: setup ## How the lab is, in a table; fails where something differs from the lab file (OUTPUT=json)
	@$(ANSWER) playbooks/status.yml -e output=$(OUTPUT) $(ARGS)

map: setup ## A picture of the lab, in one page (MAP=lab.svg: also .mmd, .dot, .json; LIVE=1: follows the lab)
	@mkdir -p .cache
	@$(if $(LIVE),$(AS_ROOT) $(BIN)/python tools/live-map -i $(INVENTORY) $(ARGS),$(ANSWER) playbooks/map.yml -e map_file=$(MAP) $(ARGS))

exec: setup ## Run CMD='ip route' on all hosts, or on ON='emon2,test*': hosts and containers
	@$(ANSWER) playbooks/exec.yml -e output=$(OUTPUT) $(ARGS)

load: setup ## Put an image on all hosts: IMAGE=web:1, of this machine's Docker, or FILE=web.tar
	@$(PLAY) playbooks/load.yml $(ARGS)

move: setup ## Carry simulated hosts to SITE as people carry laptops: HOW=readdress|suspend|reboot; then `make overlay`
	@$(PLAY) playbooks/move.yml -e how=$(or $(HOW),readdress) $(ARGS)

verify: setup ## Prove again that the standing lab works
	@$(PLAY) playbooks/verify.yml $(ARGS)

# The report is for a map that is followed meanwhile.
trace: setup ## Follow a packet hop by hop: FROM=test1 TO=test2 [PORT=80] (FOLLOW=1: again and again)
	@mkdir -p .cache
	@trap 'exit 130' INT; while status=0; do $(PLAY) playbooks/trace.yml -e trace_file=.cache/trace.json $(ARGS) || status=$$?; [ '$(FOLLOW)' = 1 ] || exit $$status; done

break: setup ## Break a host to learn from it: FAULT=vxlan-down [HOST=emon2], or SEED=7: any; alone, lists the faults
	@$(if $(FAULT)$(SEED),$(PLAY),$(ANSWER)) playbooks/break.yml -e fault='$(FAULT)' \
	  -e host='$(if $(findstring command,$(origin HOST)),$(HOST))' -e seed='$(SEED)' $(ARGS)

mend-broken: setup ## Mend what `make break` broke, and tell what it was
	@$(PLAY) playbooks/mend_broken.yml $(ARGS)

destroy: setup ## Remove the lab; base images stay (ARGS='-e destroy_images=true' removes them too)
	@$(PLAY) playbooks/destroy.yml $(ARGS)

shell: setup ## A root shell on the simulated host HOST
	@$(AS_ROOT) $(BIN)/python tools/shell.py $(HOST)

forward: setup ## The TCP port PORT of the simulated host HOST at localhost, until Ctrl-C (LOCAL=8081: another one there)
	@$(AS_ROOT) $(BIN)/python tools/forward '$(HOST)' '$(PORT)' '$(LOCAL)'

test: $(VENV)/kernel.stamp ## Everything a release needs; beside a standing lab it leaves that alone
	@mkdir -p .cache; : >.cache/times; export OVERLAY_LAB_TIMES="$$PWD/.cache/times"; status=0; \
	printf 'tests/timed %s - $(MAKE) --no-print-directory %s\n' {integration,lint,kernel,unit,sanity,browser}{,} | tests/abreast || status=1; \
	tests/timed molecule - $(MAKE) --no-print-directory molecule || status=1; \
	tests/timetable.py .cache/times $$SECONDS; exit $$status

check: $(VENV)/dev.stamp ## The fast part of the tests, for every change: below five minutes
	@printf '%s\n' 'tests/lint --fast' '$(MAKE) --no-print-directory unit' | PATH="$$PWD/$(BIN):$$PATH" tests/abreast

lint: $(VENV)/dev.stamp ## ruff, mypy, yamllint, ansible-lint, documentation, argument specs
	@PATH="$$PWD/$(BIN):$$PATH" tests/lint

unit: $(VENV)/dev.stamp ## Pure functions, in tables
	@$(BIN)/pytest tests/unit

kernel: $(VENV)/kernel.stamp ## The topology engine on every pyroute2 that is supported: any topology, killed at any point
	@$(AS_ROOT) tests/sandbox tests/kernel/versions $(ARGS)

browser: $(VENV)/dev.stamp ## The page of `make map` in a headless Chromium, clicked and by keyboard
	@$(AS_ROOT) tests/sandbox tests/browser/run $(ARGS)

integration: $(VENV)/dev.stamp ## Each module against the real kernel, dockerd and etcd
	@$(AS_ROOT) DOCKER_SDK=$(DOCKER_SDK) tests/integration/all $(ARGS)

molecule: $(VENV)/dev.stamp ## Whole promises, on simulated hosts (ARGS=<scenario> for one of them)
	@$(AS_ROOT) tests/molecule $(ARGS)

soak: $(VENV)/kernel.stamp ## Long campaigns (SEED=n repeats one)
	@$(AS_ROOT) SEED=$(SEED) tests/sandbox tests/soak $(ARGS)

chaos: $(VENV)/kernel.stamp ## Break a lab in every way, and see what brings it back (SEED=n; ARGS='--engine vxlan --rows 3')
	@$(AS_ROOT) tests/sandbox tests/chaos $(if $(SEED),--seed $(SEED)) $(ARGS)

vm-test: setup ## README's commands on the kernels of Debian 12 and 13, in qemu (SUITE=trixie: one of them)
	@$(AS_ROOT) tests/vm-test $(SUITE)

benchmark: $(VENV)/dev.stamp ## Figures beside a hand-written shell optimum, in one run (BENCHMARK=engines: of each engine)
	@$(AS_ROOT) tests/sandbox tests/benchmarks/$(or $(BENCHMARK),run) $(ARGS)

docs: $(VENV)/dev.stamp ## The documentation as HTML, with a page for every plugin and role
	@PATH="$$PWD/$(BIN):$$PATH" docs/site/build

sanity: $(VENV)/dev.stamp ## The tarball in the eyes of galaxy-importer and ansible-test
	@PATH="$$PWD/$(BIN):$$PATH" tests/sanity $(ARGS)

clean: ## Remove what set-up made in this folder (not a lab: that is `make destroy`)
	@rm -rf $(VENV) .ansible .cache .mypy_cache .ruff_cache .pytest_cache
