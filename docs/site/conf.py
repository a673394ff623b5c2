# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sphinx's configuration of `make docs`: the pages of docs/ and a page for every plugin and role."""

project = "emon.overlay_lab"
copyright = "the emon.overlay_lab authors"

extensions = ["myst_parser", "sphinx_antsibull_ext"]
myst_heading_anchors = 4
# The fault lines of the pages are not code of any language.
highlight_language = "none"

html_theme = "sphinx_ansible_theme"
html_title = "emon.overlay_lab"
html_theme_options = {"display_version": False}
html_show_sphinx = False
html_copy_source = False
