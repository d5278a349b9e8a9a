"""Sphinx's configuration of the course's web site; `autograder site` runs it on a folder it lays out."""

project = "BERT fine-tuning for classification"
author = "The BERT Classroom authors"
project_copyright = author
language = "en"

extensions = ["myst_nb"]
# Lessons come with their outputs; they were executed before.
nb_execution_mode = "off"
nb_merge_streams = True
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
# The released notebooks: offered, not shown.
exclude_patterns = ["lessons/notebooks"]
# Links to headings, as in `#report-a-weakness`, down to the headings of tasks.
myst_heading_anchors = 4

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["_static"]
html_css_files = ["site.css"]
# A page's source is no notebook to work in; each lesson offers the released one.
html_copy_source = False
html_show_sourcelink = False
# Summaries of what was found are fetched, which pages from a disk may not do.
html_show_search_summary = False
html_theme_options = {
    "home_page_in_toc": True,
    "show_toc_level": 2,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "search_bar_text": "Search the course",
    "navbar_persistent": [],
}
